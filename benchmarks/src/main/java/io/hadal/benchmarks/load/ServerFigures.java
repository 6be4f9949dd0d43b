package io.hadal.benchmarks.load;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What a server says of itself under {@code /metrics}, once a second. */
final class ServerFigures implements AutoCloseable {
  private final LoadClient client;
  private final Thread thread;
  private final List<Double> heap = new ArrayList<>();

  ServerFigures(LoadClient client) {
    this.client = client;
    this.thread = Thread.ofVirtual().name("figures").start(this::watch);
  }

  private void watch() {
    try {
      while (true) {
        double used = figure("jvm_memory_used_bytes{area=\"heap\"");
        synchronized (heap) {
          heap.add(used);
        }
        Thread.sleep(1000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sum of the lines that begin like this; 0 for a server without such figures. */
  double figure(String begin) throws InterruptedException {
    try {
      return client
          .get("/metrics")
          .lines()
          .filter(line -> line.startsWith(begin))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
          .sum();
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
  }

  /** Requests that the server is busy with, without the one that asks. */
  int active() throws InterruptedException {
    return Math.max(0, (int) figure("llm_active_requests") - 1);
  }

  /** Waits until the server has nothing to do; false when it still has after a time. */
  boolean idle(int seconds) throws InterruptedException {
    for (int i = 0; i < 10 * seconds; i++) {
      if (active() == 0 && figure("llm_running_requests") == 0 && figure("llm_queue_depth") == 0) {
        return true;
      }
      Thread.sleep(100);
    }
    return false;
  }

  /** Least heap in use by fifth of the time, in bytes: what garbage collections leave. */
  List<Double> heapFloors() {
    synchronized (heap) {
      List<Double> floors = new ArrayList<>();
      for (int i = 0; i < 5 && heap.size() >= 5; i++) {
        floors.add(
            heap.subList(i * heap.size() / 5, (i + 1) * heap.size() / 5).stream()
                .mapToDouble(d -> d)
                .min()
                .orElse(0));
      }
      return floors;
    }
  }

  @Override
  public void close() {
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
