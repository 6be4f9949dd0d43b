package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkerPoolTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void everyTaskRunsOnceWithAWorkerOfItsOwn(int threads) {
    try (WorkerPool pool = new WorkerPool(threads)) {
      assertThat(pool.threads()).isEqualTo(threads);
      for (int round = 0; round < 4000; round++) {
        int count = round % 13;
        AtomicIntegerArray runs = new AtomicIntegerArray(count);
        AtomicIntegerArray busy = new AtomicIntegerArray(threads);
        pool.run(
            count,
            (task, worker) -> {
              if (busy.incrementAndGet(worker) != 1) {
                throw new IllegalStateException("worker " + worker + " runs twice");
              }
              runs.incrementAndGet(task);
              busy.decrementAndGet(worker);
            });
        for (int i = 0; i < count; i++) {
          assertThat(runs.get(i)).isEqualTo(1);
        }
        if (round % 500 == 0) {
          // Long enough for the workers to park.
          LockSupport.parkNanos(2_000_000);
        }
      }
    }
  }

  @Test
  void plainWritesOfTasksAreSeenByTheCaller() {
    try (WorkerPool pool = new WorkerPool(3)) {
      int[] cells = new int[64];
      for (int round = 1; round < 3000; round++) {
        int value = round;
        pool.run(64, (task, worker) -> cells[task] = value);
        for (int cell : cells) {
          assertThat(cell).isEqualTo(value);
        }
      }
    }
  }

  @Test
  void severalCallersTakeTurns() throws InterruptedException {
    try (WorkerPool pool = new WorkerPool(2)) {
      AtomicInteger regions = new AtomicInteger();
      AtomicInteger total = new AtomicInteger();
      AtomicInteger overlaps = new AtomicInteger();
      List<Thread> callers = new ArrayList<>();
      for (int c = 0; c < 4; c++) {
        Thread caller =
            new Thread(
                () -> {
                  for (int i = 0; i < 500; i++) {
                    int id = regions.incrementAndGet();
                    AtomicInteger own = new AtomicInteger();
                    pool.run(5, (task, worker) -> own.incrementAndGet());
                    if (own.get() != 5 || id < 1) {
                      overlaps.incrementAndGet();
                    }
                    total.addAndGet(own.get());
                  }
                });
        callers.add(caller);
        caller.start();
      }
      for (Thread caller : callers) {
        caller.join();
      }
      assertThat(total.get()).isEqualTo(4 * 500 * 5);
      assertThat(overlaps.get()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void anExceptionReachesTheCallerAndThePoolLivesOn(int threads) {
    try (WorkerPool pool = new WorkerPool(threads)) {
      for (int round = 0; round < 200; round++) {
        assertThatThrownBy(
                () ->
                    pool.run(
                        50,
                        (task, worker) -> {
                          if (task % 7 == 3) {
                            throw new IllegalArgumentException("task");
                          }
                        }))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("task");
        AtomicInteger runs = new AtomicInteger();
        pool.run(20, (task, worker) -> runs.incrementAndGet());
        assertThat(runs.get()).isEqualTo(20);
      }
      assertThatThrownBy(
              () ->
                  pool.run(
                      4,
                      (task, worker) -> {
                        throw new StackOverflowError("deep");
                      }))
          .isInstanceOf(StackOverflowError.class);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void nestedUseIsRefused(int threads) {
    try (WorkerPool pool = new WorkerPool(threads)) {
      assertThatThrownBy(() -> pool.run(8, (task, worker) -> pool.run(1, (t, w) -> {})))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("may not use the pool");
    }
  }

  @Test
  void anInterruptIsKeptAndDoesNotCutARegion() {
    try (WorkerPool pool = new WorkerPool(2)) {
      AtomicInteger runs = new AtomicInteger();
      Thread.currentThread().interrupt();
      pool.run(
          2,
          (task, worker) -> {
            long end = System.nanoTime() + 5_000_000;
            while (System.nanoTime() < end) {
              Thread.onSpinWait();
            }
            runs.incrementAndGet();
          });
      assertThat(Thread.interrupted()).isTrue();
      assertThat(runs.get()).isEqualTo(2);
    }
  }

  @Test
  void closeStopsTheThreads() throws InterruptedException {
    WorkerPool pool = new WorkerPool(3);
    Thread[] seen = new Thread[3];
    pool.run(
        300,
        (task, worker) -> {
          seen[worker] = Thread.currentThread();
          LockSupport.parkNanos(10_000);
        });
    pool.close();
    for (int i = 1; i < 3; i++) {
      if (seen[i] != null) {
        seen[i].join(5000);
        assertThat(seen[i].isAlive()).isFalse();
      }
    }
    assertThatThrownBy(() -> pool.run(1, (task, worker) -> {}))
        .isInstanceOf(IllegalStateException.class);
    pool.close();
  }
}
