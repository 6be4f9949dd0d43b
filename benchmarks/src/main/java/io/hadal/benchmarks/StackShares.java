package io.hadal.benchmarks;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Which parts of a forward pass a thread is in, by samples of its stack. */
final class StackShares {
  private static final String PACKAGE = "io.hadal.model.forward.";
  private final Map<String, Integer> counts = new HashMap<>();
  private volatile boolean running;

  StackShares(Thread thread) {
    Thread sampler = new Thread(() -> sample(thread), "stack-shares");
    sampler.setDaemon(true);
    sampler.start();
  }

  void running(boolean on) {
    running = on;
  }

  private void sample(Thread thread) {
    try {
      while (true) {
        Thread.sleep(2);
        if (running) {
          String part = part(thread.getStackTrace());
          synchronized (counts) {
            counts.merge(part, 1, Integer::sum);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The innermost method of the forward pass, without shared helpers and lambda names. */
  private static String part(StackTraceElement[] stack) {
    for (StackTraceElement frame : stack) {
      String name = frame.getClassName();
      if (name.startsWith(PACKAGE) && !name.startsWith(PACKAGE + "Compute")) {
        String method = frame.getMethodName();
        if (method.startsWith("lambda$")) {
          method = method.substring(7, method.lastIndexOf('$'));
        }
        return name.substring(PACKAGE.length()) + "." + method;
      }
    }
    return "other";
  }

  /** Shares of all samples, largest first. */
  Map<String, Double> shares() {
    Map<String, Double> shares = new LinkedHashMap<>();
    synchronized (counts) {
      double all = counts.values().stream().mapToInt(Integer::intValue).sum();
      counts.entrySet().stream()
          .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
          .forEach(e -> shares.put(e.getKey(), e.getValue() / all));
    }
    return shares;
  }
}
