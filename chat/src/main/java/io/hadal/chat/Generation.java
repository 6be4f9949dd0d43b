package io.hadal.chat;

import io.hadal.engine.constraint.GrammarTooCostlyException;
import io.hadal.engine.serving.GenerationEnd;
import io.hadal.engine.serving.GenerationHandle;
import io.hadal.engine.serving.GenerationListener;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A running request. The engine's thread puts raw tokens in and never waits; the thread that owns
 * this object takes events out. When the owner falls behind, the engine leaves the request out
 * until it has caught up.
 */
public final class Generation implements AutoCloseable {
  /** Tokens in the queue at which the engine pauses the request, and at which it goes on. */
  private static final int FULL = 2048;

  private static final int ROOM = 256;

  private sealed interface Item {
    record Token(int choice, int id, double logprob, List<GenerationListener.TokenLogprob> top)
        implements Item {}

    record Prefill(int cached) implements Item {}

    record End(int choice, GenerationEnd end) implements Item {}

    record Failure(RuntimeException cause) implements Item {}
  }

  private final ServedModel model;
  private final TurnRequest request;
  private final Queue<Item> items = new ConcurrentLinkedQueue<>();
  private final AtomicInteger queued = new AtomicInteger();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Queue<TurnEvent> events = new ArrayDeque<>();
  private final List<AnswerReader> readers = new ArrayList<>();
  private final boolean[] ended;
  private final long started = System.nanoTime();
  private volatile @Nullable GenerationHandle handle;
  private volatile boolean paused;

  /** Of the engine's thread. */
  private boolean admitted;

  private volatile int promptDone;
  private int open;
  private boolean cut;
  private int output;
  private int cached;
  private long firstToken;
  private long lastToken;
  private Duration queueTime = Duration.ZERO;

  Generation(ServedModel model, TurnRequest request) {
    this.model = model;
    this.request = request;
    this.open = request.generation().choices();
    this.ended = new boolean[open];
    for (int i = 0; i < open; i++) {
      readers.add(new AnswerReader(i, model.tokenizer(), model.dialect(), request, this::add));
    }
  }

  void start(GenerationHandle running) {
    handle = running;
  }

  GenerationListener listener() {
    return new GenerationListener() {
      @Override
      public void onPrefill(int done, int total, int cachedTokens) {
        promptDone = done;
        if (!admitted) {
          admitted = true;
          put(new Item.Prefill(cachedTokens));
        }
      }

      @Override
      public void onToken(int choice, int id, double logprob, List<TokenLogprob> top) {
        put(new Item.Token(choice, id, logprob, top));
        GenerationHandle running = handle;
        if (queued.get() >= FULL && !paused && running != null) {
          paused = true;
          running.pause();
          if (queued.get() <= ROOM) {
            // The owner caught up before the pause held, and would wait for a token for ever.
            paused = false;
            running.resume();
          }
        }
      }

      @Override
      public void onEnd(int choice, GenerationEnd end) {
        put(new Item.End(choice, end));
      }

      @Override
      public void onError(RuntimeException cause) {
        put(new Item.Failure(cause));
      }
    };
  }

  private void put(Item item) {
    items.add(item);
    queued.incrementAndGet();
    lock.lock();
    try {
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The next event.
   *
   * @return null when nothing has come within the time
   * @throws Problem when the request has failed
   */
  public @Nullable TurnEvent next(Duration timeout) {
    long end = System.nanoTime() + timeout.toNanos();
    while (true) {
      TurnEvent event = events.poll();
      if (event != null) {
        return event;
      }
      Item item = items.poll();
      if (item == null) {
        if (!await(end)) {
          return null;
        }
        continue;
      }
      if (queued.decrementAndGet() <= ROOM && paused) {
        paused = false;
        GenerationHandle running = handle;
        if (running != null) {
          running.resume();
        }
      }
      take(item);
    }
  }

  private boolean await(long end) {
    lock.lock();
    try {
      while (items.isEmpty()) {
        long rest = end - System.nanoTime();
        if (rest <= 0) {
          return false;
        }
        arrived.awaitNanos(rest);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.draining();
    } finally {
      lock.unlock();
    }
  }

  private void take(Item item) {
    switch (item) {
      case Item.Prefill prefill -> {
        cached = prefill.cached;
        events.add(new TurnEvent.Started(cached));
      }
      case Item.Token token -> {
        lastToken = System.nanoTime();
        if (firstToken == 0) {
          firstToken = lastToken;
        }
        AnswerReader reader = readers.get(token.choice);
        reader.token(token.id, token.logprob, token.top);
        if (reader.ended()) {
          end(token.choice, GenerationEnd.Reason.STOP, false);
        }
      }
      case Item.End end -> {
        GenerationEnd what = end.end;
        cached = what.cachedTokens();
        queueTime = what.queued();
        switch (what.reason()) {
          case TIME_LIMIT -> throw Problem.timeout();
          case QUEUE_TIMEOUT -> throw Problem.queueTimeout();
          case SHUTDOWN -> throw Problem.draining();
          default -> end(end.choice, what.reason(), what.stopId() >= 0);
        }
      }
      case Item.Failure failure -> {
        if (failure.cause instanceof GrammarTooCostlyException) {
          throw Problem.unsupported("response_format", "is too ambiguous to be followed");
        }
        model.report(failure.cause);
        throw Problem.internal();
      }
    }
  }

  private void add(TurnEvent event) {
    events.add(event);
    if (event instanceof TurnEvent.End end
        && (end.finish() == TurnEvent.Finish.LENGTH || end.finish() == TurnEvent.Finish.CONTEXT)) {
      cut = true;
    }
  }

  private void end(int choice, GenerationEnd.Reason reason, boolean stopToken) {
    if (ended[choice]) {
      return;
    }
    ended[choice] = true;
    AnswerReader reader = readers.get(choice);
    reader.finish(reason);
    output += reader.count() + (stopToken ? 1 : 0);
    open--;
    if (open == 0) {
      cancel();
    }
  }

  /** True when all answers have ended and all events are taken. */
  public boolean finished() {
    return open == 0 && events.isEmpty();
  }

  /** True when an answer has ended at the limit of the request or at the end of the context. */
  public boolean cutAtLength() {
    return cut;
  }

  /** Ends the request within one step of the engine. Any thread. */
  public void cancel() {
    GenerationHandle running = handle;
    if (running != null) {
      running.cancel();
    }
  }

  /** Places in the request that have no effect on the answers' format. */
  public List<String> ignored() {
    return request.ignored();
  }

  /** Tokens of the prompt that have been taken in. */
  public int promptDone() {
    return promptDone;
  }

  /** What it took; the prompt's counts are right from the first token on. */
  public Usage usage() {
    int prompt = request.generation().prompt().length;
    int text = 0;
    int thought = 0;
    int all = output;
    for (int i = 0; i < readers.size(); i++) {
      thought += readers.get(i).reasoningTokens();
      if (!ended[i]) {
        all += readers.get(i).count();
      }
    }
    text = all - thought;
    boolean kept = request.generation().cacheKey() != null && model.dispatcher().retainsPrefixes();
    int computed = prompt - cached;
    return new Usage(kept ? 0 : computed, cached, kept ? computed : 0, text, thought);
  }

  /** As {@link #usage}, with only that part of the prompt that was taken in so far. */
  public Usage taken() {
    Usage all = usage();
    int prompt = all.input();
    int done = firstToken != 0 ? prompt : Math.min(prompt, promptDone);
    int computed = Math.max(0, done - all.cacheRead());
    return new Usage(
        all.inputUncached() == 0 ? 0 : computed,
        Math.min(all.cacheRead(), done),
        all.inputUncached() == 0 ? computed : 0,
        all.outputText(),
        all.outputReasoning());
  }

  /** Time from the start to the first token; null while there is none. */
  public @Nullable Duration timeToFirstToken() {
    return firstToken == 0 ? null : Duration.ofNanos(firstToken - started);
  }

  /** Mean time between tokens; null with fewer than two. */
  public @Nullable Duration timePerToken() {
    int tokens = readers.stream().mapToInt(AnswerReader::count).sum();
    return tokens < 2 ? null : Duration.ofNanos((lastToken - firstToken) / (tokens - 1));
  }

  public Duration queueTime() {
    return queueTime;
  }

  /** Cancels what still runs. */
  @Override
  public void close() {
    if (open > 0) {
      cancel();
    }
  }
}
