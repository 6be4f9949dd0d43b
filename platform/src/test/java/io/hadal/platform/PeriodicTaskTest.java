package io.hadal.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeriodicTaskTest {
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRunThatFailsIsFollowedByOthers(boolean error) throws InterruptedException {
    CountDownLatch runs = new CountDownLatch(3);
    try (PeriodicTask task =
        new PeriodicTask(
            "hadal-test",
            () -> {
              runs.countDown();
              if (error) {
                throw new OutOfMemoryError("on purpose");
              }
              throw new IllegalStateException("on purpose");
            })) {
      task.every(Duration.ofMillis(1));
      assertThat(runs.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void nothingRunsOnceItIsClosed() throws InterruptedException {
    CountDownLatch runs = new CountDownLatch(1);
    PeriodicTask task = new PeriodicTask("hadal-test", runs::countDown);
    task.close(Duration.ofSeconds(10));
    task.soon();
    assertThat(runs.await(50, TimeUnit.MILLISECONDS)).isFalse();
  }
}
