package io.hadal.engine.serving;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Everything a request has brought. */
final class Recording implements GenerationListener {
  final Map<Integer, List<Integer>> tokens = new TreeMap<>();
  final Map<Integer, List<Double>> logprobs = new TreeMap<>();
  final List<List<TokenLogprob>> tops = new ArrayList<>();
  final Map<Integer, GenerationEnd> ends = new TreeMap<>();
  final CountDownLatch first = new CountDownLatch(1);
  volatile int cached = -1;
  private final CountDownLatch done;
  private final int choices;
  private volatile @Nullable RuntimeException error;

  Recording(int choices) {
    this.choices = choices;
    this.done = new CountDownLatch(1);
  }

  @Override
  public void onPrefill(int now, int total, int fromCache) {
    cached = fromCache;
  }

  @Override
  public void onToken(int choice, int id, double logprob, List<TokenLogprob> top) {
    tokens.computeIfAbsent(choice, c -> new ArrayList<>()).add(id);
    logprobs.computeIfAbsent(choice, c -> new ArrayList<>()).add(logprob);
    tops.add(top);
    first.countDown();
  }

  @Override
  public void onEnd(int choice, GenerationEnd end) {
    if (ends.put(choice, end) != null) {
      throw new AssertionError("answer " + choice + " ended twice");
    }
    if (ends.size() == choices) {
      done.countDown();
    }
  }

  @Override
  public void onError(RuntimeException cause) {
    error = cause;
    done.countDown();
  }

  /** This, complete. */
  Recording await() throws InterruptedException {
    if (!done.await(60, TimeUnit.SECONDS)) {
      throw new AssertionError("no end after a minute; " + ends);
    }
    RuntimeException e = error;
    if (e != null) {
      throw new AssertionError("failed", e);
    }
    return this;
  }

  @Nullable RuntimeException failure() throws InterruptedException {
    if (!done.await(60, TimeUnit.SECONDS)) {
      throw new AssertionError("no end after a minute");
    }
    return error;
  }

  GenerationEnd end() {
    return ends.values().iterator().next();
  }

  List<Integer> answer() {
    return tokens.getOrDefault(0, List.of());
  }

  static Recording of(Dispatcher dispatcher, GenerationRequest request)
      throws InterruptedException, DispatcherBusyException {
    return submit(dispatcher, request).await();
  }

  static Recording submit(Dispatcher dispatcher, GenerationRequest request)
      throws DispatcherBusyException {
    Recording recording = new Recording(request.choices());
    dispatcher.submit(request, recording);
    return recording;
  }
}
