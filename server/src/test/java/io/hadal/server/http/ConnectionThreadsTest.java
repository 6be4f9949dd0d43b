package io.hadal.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ConnectionThreadsTest {
  /** A server that goes down interrupts the threads of its connections, which only wait. */
  @Test
  void anInterruptReachesTheWork() throws Exception {
    try (ConnectionThreads threads = new ConnectionThreads(1)) {
      CountDownLatch begun = new CountDownLatch(1);
      AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
      AtomicBoolean marked = new AtomicBoolean();
      Thread connection =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      threads.run(
                          () -> {
                            begun.countDown();
                            new CountDownLatch(1).await();
                          });
                    } catch (InterruptedException e) {
                      thrown.set(e);
                      marked.set(Thread.currentThread().isInterrupted());
                    }
                  });
      begun.await();
      connection.interrupt();
      connection.join();
      assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
      assertThat(marked).isTrue();

      // The thread that was interrupted serves the next connection as if nothing had been.
      AtomicBoolean clean = new AtomicBoolean();
      threads.run(() -> clean.set(!Thread.currentThread().isInterrupted()));
      assertThat(clean).isTrue();
    }
  }

  /** Also when it comes before the work has a thread, and when no thread is left. */
  @Test
  void anInterruptIsNotLost() {
    try (ConnectionThreads threads = new ConnectionThreads(1)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> threads.run(() -> new CountDownLatch(1).await()))
          .isInstanceOf(InterruptedException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
    ConnectionThreads closed = new ConnectionThreads(1);
    closed.close();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> closed.run(() -> new CountDownLatch(1).await()))
        .isInstanceOf(InterruptedException.class);
  }
}
