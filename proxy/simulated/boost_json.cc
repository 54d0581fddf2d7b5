// Boost.JSON's implementation, in this one object file.
#include <boost/json/src.hpp>
