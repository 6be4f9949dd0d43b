package io.hadal.server.wire;

import io.hadal.chat.CallMemory;
import io.hadal.chat.ChatRequest;
import io.hadal.chat.Generation;
import io.hadal.chat.Problem;
import io.hadal.chat.ServedModel;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.TurnRequest;
import io.hadal.chat.Usage;
import io.hadal.engine.serving.FirstTokenPromise;
import io.hadal.engine.serving.GenerationRequest;
import io.hadal.platform.PeriodicTask;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.Place;
import io.hadal.platform.usage.Outcome;
import io.hadal.server.explain.CacheExplainer;
import io.hadal.server.http.HttpProblem;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Runs turns and brings what they yield to the client, as long as it listens. */
public final class TurnRunner implements AutoCloseable {
  /** How often the connection is looked at. */
  private static final Duration LOOK = Duration.ofMillis(200);

  /** Most text merged into one event. */
  private static final int MOST_MERGED = 64 << 10;

  private final ServedModel model;
  private final CallMemory memory;
  private final Set<Writing> writing = ConcurrentHashMap.newKeySet();
  private final PeriodicTask watchdog = new PeriodicTask("hadal-stream-watchdog", this::dropSlow);

  private volatile @Nullable CacheExplainer explainer;
  private volatile Duration keepAlive;
  private volatile Duration slowest;

  private record Writing(EventStream out, Generation generation, Thread thread) {}

  /**
   * @param keepAlive silence after which a stream shows that it lives
   * @param slowest longest time a client may take to accept one event
   */
  public TurnRunner(ServedModel model, CallMemory memory, Duration keepAlive, Duration slowest) {
    this.model = model;
    this.memory = memory;
    this.keepAlive = keepAlive;
    this.slowest = slowest;
    watchdog.every(Duration.ofMillis(500));
  }

  /** Other times, from now on. */
  public void times(Duration silence, Duration slowestReader) {
    keepAlive = silence;
    slowest = slowestReader;
  }

  public CallMemory memory() {
    return memory;
  }

  /** Compares prompts with those before them from now on. */
  public void explainer(CacheExplainer value) {
    explainer = value;
  }

  /** Compares the prompt of a call with the one before it, and says so when the client asks. */
  void compare(Call call, ChatRequest request) {
    CacheExplainer comparing = explainer;
    if (comparing == null) {
      return;
    }
    CacheExplainer.Asked asked = comparing.ask(request, call.sessionHash());
    call.asked(asked);
    if (asked != null && HeaderFlag.EXPLAIN_CACHE.of(call.exchange())) {
      call.exchange().setHeader("x-hadal-cache", asked.difference().header());
    }
  }

  private void dropSlow() {
    for (Writing stream : writing) {
      if (stream.out.blockedNanos() > slowest.toNanos() && writing.remove(stream)) {
        stream.generation.cancel();
        // An interrupted virtual thread leaves its socket closed.
        stream.thread.interrupt();
      }
    }
  }

  /** Answers as events, each as soon as it is there. */
  void stream(Call call, TurnRequest request, AnswerStream writer) throws IOException {
    call.streamed();
    call.ignore(request.ignored());
    begin(call, request);
    Outcome outcome = Outcome.ERROR;
    try (Generation generation = start(call, request)) {
      headers(call);
      call.exchange().setHeader("x-accel-buffering", "no");
      EventStream out = new EventStream(call.exchange().stream(200, writer.mediaType()));
      Writing entry = new Writing(out, generation, Thread.currentThread());
      writing.add(entry);
      try {
        call.exchange().watch();
        writer.begin(out);
        events(call, generation, writer, out);
        outcome = completed(generation);
      } catch (ClientGoneException e) {
        outcome = left(generation);
        throw e;
      } catch (IOException e) {
        outcome = left(generation);
        throw new ClientGoneException();
      } finally {
        writing.remove(entry);
        Thread.interrupted();
        account(call, generation);
        settle(call, generation, outcome);
      }
      out.close();
    }
  }

  private void events(Call call, Generation generation, AnswerStream writer, EventStream out)
      throws IOException {
    long last = System.nanoTime();
    List<Answer> answers = new ArrayList<>();
    try {
      while (!generation.finished()) {
        if (!call.exchange().connected()) {
          throw new ClientGoneException();
        }
        TurnEvent event = generation.next(LOOK);
        if (event == null) {
          if (System.nanoTime() - last >= keepAlive.toNanos()) {
            writer.keepAlive(out);
            last = System.nanoTime();
          }
          continue;
        }
        while (event != null) {
          TurnEvent next = generation.next(Duration.ZERO);
          TurnEvent merged = next == null ? null : merge(event, next);
          if (merged == null) {
            remember(call, event, answers);
            writer.event(event, generation.usage(), out);
          }
          event = merged == null ? next : merged;
        }
        last = System.nanoTime();
        requireMoney(call, generation);
      }
      call.usage(generation.usage());
      // What it took is kept before the client knows that it is over.
      settle(call, generation, completed(generation));
      writer.end(generation.usage(), out);
    } catch (Problem problem) {
      call.outcome(problem.code());
      settle(call, generation, outcome(problem));
      writer.fail(problem, out);
    }
  }

  private void begin(Call call, TurnRequest request) {
    GenerationRequest generation = request.generation();
    call.exchange().bodyTaken();
    call.queue(generation.priority());
    call.meter()
        .begin(
            call,
            call.model(),
            call.version(model.profile().version()),
            generation.prompt().length,
            (long) generation.maxTokens() * generation.choices());
  }

  private Generation start(Call call, TurnRequest request) {
    boolean started = false;
    try {
      FirstTokenPromise promise = call.promise();
      Generation generation =
          model.start(request.withPromise(promise == null ? null : promise.behind(call.age())));
      started = true;
      return generation;
    } finally {
      if (!started) {
        call.meter().end(Usage.NONE, Outcome.ERROR, 0, call.admitted(), null, null, null);
      }
    }
  }

  private static void requireMoney(Call call, Generation generation) {
    if (!call.meter().produced(generation.usage())) {
      generation.cancel();
      throw HttpProblem.unpaid("budget_exceeded", "The budget of this request is used up.", 0);
    }
  }

  /** As answers of upstreams are booked. */
  private static Outcome completed(Generation generation) {
    return generation.cutAtLength() ? Outcome.LENGTH : Outcome.COMPLETED;
  }

  private static Outcome outcome(Problem problem) {
    return switch (problem.code()) {
      case "budget_exceeded" -> Outcome.BUDGET_EXHAUSTED;
      case "server_draining" -> Outcome.DRAINED;
      default -> Outcome.ERROR;
    };
  }

  /** A client that left behind the beginning of its prompt pays for what was computed. */
  private static Outcome left(Generation generation) {
    return generation.promptDone() > 0 ? Outcome.CLIENT_LEFT : Outcome.CLIENT_LEFT_QUEUED;
  }

  /** The first call counts. */
  private static void settle(Call call, Generation generation, Outcome outcome) {
    call.meter()
        .end(
            generation.taken(),
            outcome,
            200,
            call.admitted(),
            generation.timeToFirstToken(),
            generation.queueTime(),
            generation.timePerToken());
  }

  /** Two pieces of text of one kind as one event; null when they are not. */
  private static @Nullable TurnEvent merge(TurnEvent a, TurnEvent b) {
    if (a instanceof TurnEvent.Text x
        && b instanceof TurnEvent.Text y
        && x.choice() == y.choice()
        && x.text().length() + y.text().length() <= MOST_MERGED) {
      return new TurnEvent.Text(x.choice(), x.text() + y.text(), both(x.tokens(), y.tokens()));
    }
    if (a instanceof TurnEvent.Reasoning x
        && b instanceof TurnEvent.Reasoning y
        && x.choice() == y.choice()
        && x.text().length() + y.text().length() <= MOST_MERGED) {
      return new TurnEvent.Reasoning(x.choice(), x.text() + y.text(), both(x.tokens(), y.tokens()));
    }
    if (a instanceof TurnEvent.CallArguments x
        && b instanceof TurnEvent.CallArguments y
        && x.choice() == y.choice()
        && x.index() == y.index()
        && x.json().length() + y.json().length() <= MOST_MERGED) {
      return new TurnEvent.CallArguments(x.choice(), x.index(), x.json() + y.json());
    }
    return null;
  }

  private static <T> List<T> both(List<T> a, List<T> b) {
    List<T> all = new ArrayList<>(a);
    all.addAll(b);
    return all;
  }

  /** Answers when all of them are complete. */
  List<Answer> collect(Call call, TurnRequest request) throws IOException {
    call.ignore(request.ignored());
    begin(call, request);
    Outcome outcome = Outcome.ERROR;
    try (Generation generation = start(call, request)) {
      call.exchange().watch();
      List<Answer> answers = Answer.list(request.generation().choices());
      List<Answer> calls = new ArrayList<>();
      try {
        while (!generation.finished()) {
          if (!call.exchange().connected()) {
            throw new ClientGoneException();
          }
          TurnEvent event = generation.next(LOOK);
          if (event != null) {
            remember(call, event, calls);
            answers.get(event.choice()).take(event);
          }
          requireMoney(call, generation);
        }
        outcome = completed(generation);
      } catch (ClientGoneException e) {
        outcome = left(generation);
        throw e;
      } catch (Problem problem) {
        outcome = outcome(problem);
        throw problem;
      } finally {
        account(call, generation);
        settle(call, generation, outcome);
      }
      headers(call);
      return answers;
    }
  }

  private void account(Call call, Generation generation) {
    call.usage(generation.usage());
    CacheExplainer comparing = explainer;
    CacheExplainer.Asked asked = call.asked();
    Identity identity = call.meter().identity();
    if (comparing != null && asked != null && identity != null) {
      comparing.answered(
          asked,
          Place.project(identity.org(), identity.team(), identity.project()),
          call.requestId(),
          call.model(),
          generation.usage());
    }
    call.times(generation.queueTime(), generation.timeToFirstToken(), generation.timePerToken());
  }

  /** Keeps what the model wrote for its calls, under the ids the client gets to see. */
  private void remember(Call call, TurnEvent event, List<Answer> answers) {
    if (event instanceof TurnEvent.End end) {
      call.finished(end.finish().name().toLowerCase(Locale.ROOT));
    }
    call.saw(event);
    if (!call.client().kept()) {
      return;
    }
    while (answers.size() <= event.choice()) {
      answers.add(new Answer());
    }
    Answer answer = answers.get(event.choice());
    if (event instanceof TurnEvent.CallStart) {
      answer.take(event);
    } else if (event instanceof TurnEvent.End end) {
      for (String prefix : new String[] {"call_", "toolu_"}) {
        memory.remember(
            call.client().cacheKey(),
            answer.calls.stream().map(c -> prefix + c.id).toList(),
            end.completion());
      }
    }
  }

  private void headers(Call call) {
    call.answeredBy(call.version(model.profile().version()));
    call.tellIgnored();
  }

  @Override
  public void close() {
    watchdog.close();
  }
}
