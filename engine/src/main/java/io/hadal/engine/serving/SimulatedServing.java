package io.hadal.engine.serving;

import io.hadal.engine.serving.DispatcherBusyException.Cause;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Dispatcher} in virtual time: the same queue, shares, admission, placing and division of
 * steps, with times from a {@link StepTime} instead of a model. What is left out: guessed tokens,
 * pauses of slow readers, and setting sequences back when memory runs out in the middle of answers;
 * cached prompts are given, not looked up.
 */
public final class SimulatedServing {
  /** Room that must be free behind a prompt when its request gets a place, in tokens. */
  private static final int FIRST_TOKENS = 64;

  private static final int[] ONE = {0};
  private static final GenerationListener NOBODY =
      new GenerationListener() {
        @Override
        public void onToken(int choice, int id, double logprob, List<TokenLogprob> top) {}

        @Override
        public void onEnd(int choice, GenerationEnd end) {}

        @Override
        public void onError(RuntimeException cause) {}
      };

  /**
   * What serves.
   *
   * @param stepTokens most tokens of a step
   * @param kvFixed bytes of caches of a timeline
   * @param kvPerToken more bytes for each token
   * @param kvBudget bytes that all of them may use; 0 for no limit
   */
  public record Machine(
      DispatcherOptions options,
      int stepTokens,
      double kvFixed,
      double kvPerToken,
      double kvBudget) {}

  /** How a request ended. */
  public enum End {
    DONE,
    REFUSED,
    /** It waited longer than its class allows. */
    GIVEN_UP
  }

  /**
   * What became of a request; times in seconds.
   *
   * @param cause why it was refused; null unless it was
   * @param queued from its coming to its place
   * @param firstToken from its coming to its first token
   * @param perToken between two tokens on average; 0 for a single one
   * @param ended when it ended, from the start
   */
  public record Result(
      SimulatedRequest request,
      End end,
      @Nullable Cause cause,
      double queued,
      double firstToken,
      double perToken,
      double ended) {}

  /**
   * A whole simulation.
   *
   * @param results in the order of their end
   * @param seconds when the last request ended
   * @param busySeconds time in steps
   * @param promptTokens prompt tokens computed
   * @param generatedTokens tokens of answers
   */
  public record Run(
      List<Result> results,
      double seconds,
      double busySeconds,
      long steps,
      long promptTokens,
      long generatedTokens) {}

  /** An answer on its way. */
  private static final class Sequence {
    final Ticket ticket;
    final SimulatedRequest request;
    final long placed;
    int length;
    int count;
    long first;
    boolean opened;

    Sequence(Ticket ticket, SimulatedRequest request, long placed) {
      this.ticket = ticket;
      this.request = request;
      this.placed = placed;
    }

    int missing() {
      return request.prompt() + count - length;
    }
  }

  private final @Nullable FirstTokenPromise promise;
  private final PredictionMargin margin = new PredictionMargin();
  private final Machine machine;
  private final StepTime time;
  private final WaitingQueue waiting = new WaitingQueue();
  private final FairShare share = new FairShare();
  private final StepBudget budget;
  private final WorkRate workRate = new WorkRate();
  private final List<SimulatedRequest> byTicket = new ArrayList<>();
  private final List<Sequence> fresh = new ArrayList<>();
  private final List<Sequence> running = new ArrayList<>();
  private final List<Sequence> parked = new ArrayList<>();
  private final List<Result> results = new ArrayList<>();
  private final Seats seats = new Seats();
  private double meanOutput = 256;
  private long now;
  private long busy;
  private long steps;
  private long promptTokens;
  private long generatedTokens;

  private SimulatedServing(Machine machine, StepTime time, @Nullable FirstTokenPromise promise) {
    this.promise = promise;
    this.machine = machine;
    this.time = time;
    this.budget = new StepBudget(machine.options().tokenTarget(), machine.stepTokens());
  }

  /**
   * Serves requests until all have ended.
   *
   * @param requests in the order of their coming
   */
  public static Run run(Machine machine, StepTime time, List<SimulatedRequest> requests) {
    return run(machine, time, requests, null);
  }

  /**
   * Serves requests until all have ended, keeping a promise about their first tokens.
   *
   * @param requests in the order of their coming
   */
  static Run run(
      Machine machine,
      StepTime time,
      List<SimulatedRequest> requests,
      @Nullable FirstTokenPromise promise) {
    return new SimulatedServing(machine, time, promise).serve(requests);
  }

  private static long nanos(double seconds) {
    return Math.round(seconds * 1e9);
  }

  private Run serve(List<SimulatedRequest> requests) {
    int next = 0;
    while (true) {
      while (next < requests.size() && nanos(requests.get(next).seconds()) <= now) {
        submit(requests.get(next++));
      }
      for (Ticket ticket : waiting.removeIf(t -> t.hasWaitedTooLong(now))) {
        share.leave(ticket);
        results.add(
            result(request(ticket), End.GIVEN_UP, null, (now - ticket.submitted) / 1e9, 0, 0));
      }
      Placement.fill(waiting, share, seats);
      running.addAll(fresh);
      fresh.clear();
      for (Sequence s : running) {
        if (!s.opened) {
          s.opened = true;
          s.length = s.request.cached();
        }
      }
      if (step()) {
        continue;
      }
      if (next == requests.size()) {
        break;
      }
      now = Math.max(now, nanos(requests.get(next).seconds()));
    }
    return new Run(
        List.copyOf(results), now / 1e9, busy / 1e9, steps, promptTokens, generatedTokens);
  }

  private SimulatedRequest request(Ticket ticket) {
    return byTicket.get((int) ticket.id());
  }

  private Result result(
      SimulatedRequest request,
      End end,
      @Nullable Cause cause,
      double queued,
      double first,
      double perToken) {
    return new Result(request, end, cause, queued, first, perToken, now / 1e9);
  }

  private void submit(SimulatedRequest request) {
    long prompts = 0;
    for (Sequence s : running) {
      prompts += s.missing() > 1 ? s.missing() : 0;
    }
    RunningBatch.Figures figures =
        new RunningBatch.Figures(
            fresh.size() + running.size(), workRate.perSecond(), meanOutput, prompts);
    GenerationRequest asked =
        GenerationRequest.of(
                promise == null ? ONE : new int[request.prompt()],
                request.output(),
                request.tenant())
            .toBuilder()
            .priority(request.priority())
            .promise(promise)
            .build();
    double work = Admission.work(asked, request.prompt(), figures);
    Admission.Refusal refusal =
        Admission.refuse(asked, work, waiting, machine.options(), figures, margin.factor());
    if (refusal != null) {
      results.add(new Result(request, End.REFUSED, refusal.cause(), 0, 0, 0, request.seconds()));
      return;
    }
    Ticket ticket =
        new Ticket(byTicket.size(), nanos(request.seconds()), asked, NOBODY, work, () -> {});
    ticket.predicted = Admission.firstToken(asked, waiting, figures);
    byTicket.add(request);
    share.enter(ticket);
    waiting.add(ticket);
  }

  private final class Seats implements Placement.Places<Sequence> {
    @Override
    public @Nullable Sequence firstParked() {
      return parked.stream()
          .min(Comparator.comparing((Sequence s) -> s.ticket, share.placing()))
          .orElse(null);
    }

    @Override
    public Ticket ticket(Sequence sequence) {
      return sequence.ticket;
    }

    @Override
    public boolean resume(Sequence sequence) {
      if (!makePlace(sequence.ticket)) {
        return false;
      }
      parked.remove(sequence);
      running.add(sequence);
      return true;
    }

    @Override
    public boolean admit(Ticket ticket) {
      SimulatedRequest request = request(ticket);
      if (!fits(request.prompt()) || !makePlace(ticket)) {
        return false;
      }
      fresh.add(new Sequence(ticket, request, now));
      return true;
    }
  }

  private boolean makePlace(Ticket ticket) {
    if (fresh.size() + running.size() < machine.options().maxRunning()) {
      return true;
    }
    Sequence victim = Placement.victim(ticket, running, s -> s.ticket, share);
    if (victim == null) {
      return false;
    }
    running.remove(victim);
    parked.add(victim);
    return true;
  }

  private boolean fits(int tokens) {
    if (machine.kvBudget() == 0 || (running.isEmpty() && fresh.isEmpty())) {
      return true;
    }
    double used = 0;
    for (Sequence s : running) {
      used += machine.kvFixed() + machine.kvPerToken() * s.length;
    }
    for (Sequence s : parked) {
      used += machine.kvFixed() + machine.kvPerToken() * s.length;
    }
    double unseen = bytes(tokens);
    for (Sequence s : fresh) {
      unseen += bytes(s.request.prompt());
    }
    return unseen <= machine.kvBudget() - used;
  }

  private double bytes(int tokens) {
    return machine.kvFixed() + machine.kvPerToken() * (tokens + FIRST_TOKENS);
  }

  /** Runs a step; false when there was nothing to do. */
  private boolean step() {
    List<Sequence> ready = List.copyOf(running);
    if (ready.isEmpty()) {
      return false;
    }
    int room = machine.stepTokens();
    List<Sequence> prompts =
        ready.stream()
            .filter(s -> s.missing() > 1)
            .sorted(Comparator.comparing((Sequence s) -> s.ticket, share.working()))
            .toList();
    List<Sequence> taken = new ArrayList<>();
    List<Integer> counts = new ArrayList<>();
    ready.stream()
        .filter(s -> s.missing() == 1)
        .limit(StepShape.answers(room, !prompts.isEmpty()))
        .forEach(taken::add);
    int answers = taken.size();
    double answerContext = 0;
    for (Sequence s : taken) {
      counts.add(1);
      answerContext += s.length;
    }
    room = StepShape.promptTokens(room, answers, budget);
    int prompt = 0;
    double promptContext = 0;
    boolean caches = machine.options().prefixMemoryBytes() > 0;
    for (Sequence s : prompts) {
      int count = Math.min(room - prompt, s.missing());
      if (caches) {
        count =
            Math.min(count, StepShape.untilBoundary(s.length, machine.options().prefixInterval()));
      }
      if (count > 0) {
        taken.add(s);
        counts.add(count);
        prompt += count;
        promptContext += (double) count * s.length;
      }
    }
    long nanos =
        Math.max(
            1,
            Math.round(
                time.nanos(
                    prompt,
                    prompt == 0 ? 0 : promptContext / prompt,
                    answers,
                    answers == 0 ? 0 : answerContext / answers)));
    now += nanos;
    busy += nanos;
    steps++;
    if (answers > 0) {
      budget.learn(prompt, nanos);
    }
    running.removeAll(taken);
    running.addAll(taken);
    long before = generatedTokens;
    for (int i = 0; i < taken.size(); i++) {
      settle(taken.get(i), counts.get(i));
    }
    promptTokens += prompt;
    workRate.add(prompt + RunningBatch.ANSWER_WORK * (generatedTokens - before), nanos);
    return true;
  }

  private void settle(Sequence s, int tokens) {
    boolean prompted = s.count > 0;
    s.length += tokens;
    share.charge(s.ticket, prompted ? RunningBatch.ANSWER_WORK * tokens : tokens);
    if (s.missing() > 0) {
      return;
    }
    if (!prompted) {
      s.first = now;
      s.ticket.learn(margin, now);
    }
    s.count++;
    generatedTokens++;
    if (s.count == s.request.output()) {
      running.remove(s);
      share.leave(s.ticket);
      meanOutput += (s.count - meanOutput) / 32;
      double perToken = s.count == 1 ? 0 : (now - s.first) / 1e9 / (s.count - 1);
      results.add(
          result(
              s.request,
              End.DONE,
              null,
              (s.placed - s.ticket.submitted) / 1e9,
              (s.first - s.ticket.submitted) / 1e9,
              perToken));
    }
  }
}
