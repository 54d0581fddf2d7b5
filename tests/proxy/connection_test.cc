#include "proxy/net/connection.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <thread>

namespace budget::net {
namespace {

using boost::asio::ip::tcp;

// A connection of ours and its peer's socket, over loopback.
class PooledConnection : public testing::Test {
 protected:
  PooledConnection() {
    boost::asio::basic_socket_acceptor<tcp, Executor> acceptor(
        io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    TcpSocket ours(io_);
    ours.connect(acceptor.local_endpoint());
    peer_ = acceptor.accept();
    connection_ = plain_connection(std::move(ours), deadlines_);
  }

  // Whether it becomes unfit for a pool within a second.
  [[nodiscard]] bool becomes_unfit() const {
    for (int tries = 0; tries < 1000; ++tries) {
      if (!connection_->idle_and_open()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  boost::asio::io_context io_{1};
  Deadlines deadlines_{io_};
  TcpSocket peer_{io_};
  std::unique_ptr<Connection> connection_;
};

TEST_F(PooledConnection, IsFitWhileItIsOpenAndSilent) {
  EXPECT_TRUE(connection_->idle_and_open());
}

// A hang-up of the client cancels; what was cancelled fails its next call.
TEST_F(PooledConnection, IsUnfitOnceCancelled) {
  connection_->cancel();
  EXPECT_FALSE(connection_->idle_and_open());
}

TEST_F(PooledConnection, IsUnfitOnceItsPeerHasClosed) {
  peer_.close();
  EXPECT_TRUE(becomes_unfit());
}

TEST_F(PooledConnection, IsUnfitOnceBytesCameThatNobodyAskedFor) {
  boost::asio::write(peer_, boost::asio::buffer("x", 1));
  EXPECT_TRUE(becomes_unfit());
}

}  // namespace
}  // namespace budget::net
