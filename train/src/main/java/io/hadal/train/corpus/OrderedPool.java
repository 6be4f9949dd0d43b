package io.hadal.train.corpus;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;

/** Threads that map elements while the results arrive in the order of the elements. */
public final class OrderedPool implements AutoCloseable {
  /** Elements in the air; bounds the memory. */
  private static final int BATCH = 512;

  private final ExecutorService executor;

  public OrderedPool(int threads) {
    executor =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().name("hadal-corpus-", 0).daemon().factory());
  }

  /** Maps every element on the pool's threads; {@code consumer} runs on the caller's. */
  public <T, R> void map(Iterator<T> elements, Function<T, R> mapper, Consumer<R> consumer)
      throws InterruptedException {
    List<Future<R>> batch = new ArrayList<>();
    while (elements.hasNext()) {
      T element = elements.next();
      batch.add(executor.submit(() -> mapper.apply(element)));
      if (batch.size() == BATCH || !elements.hasNext()) {
        for (Future<R> future : batch) {
          consumer.accept(result(future));
        }
        batch.clear();
      }
    }
  }

  private static <R> R result(Future<R> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException runtime -> throw runtime;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
