// Beast's and Asio-SSL's compiled parts, once.
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
