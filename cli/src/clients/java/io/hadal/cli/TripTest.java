package io.hadal.cli;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/** Tests of agents on one server, whose context is long enough for them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class TripTest {
  TripServer server;

  @BeforeAll
  void start() throws IOException {
    server = new TripServer(65_536);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @BeforeEach
  void forget() {
    server.forget();
  }
}
