package io.hadal.engine.serving;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import io.hadal.engine.Work;
import io.hadal.engine.serving.GenerationEnd.Reason;
import io.hadal.model.cache.KvBudgetException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The sequences that run together: every step takes one token of each answer, and as much of the
 * prompts as the time target leaves room for. Used by the engine's thread, but for {@link
 * #figures}.
 */
final class RunningBatch implements Placement.Places<Sequence> {
  /** Work of a token of an answer, where one of a prompt counts 1. */
  static final double ANSWER_WORK = 2;

  /** Room that must be free behind a prompt when its request gets a place, in tokens. */
  private static final int FIRST_TOKENS = 64;

  /** Shared tokens behind the last retained state that are worth another one. */
  private static final int LEAST_SHARED = 16;

  private final Engine engine;
  private volatile DispatcherOptions options;
  private final FairShare share;
  private final PredictionMargin margin;
  private final Consumer<Turn> over;
  private final StepBudget budget;
  private final List<Turn> fresh = new ArrayList<>();
  private final List<Sequence> running = new ArrayList<>();
  // Without a place: outranked, paused, or set back for want of memory.
  private final List<Sequence> parked = new ArrayList<>();
  private final WorkRate generatedRate = new WorkRate();
  private final WorkRate promptRate = new WorkRate();
  private final WorkRate workRate = new WorkRate();
  // Memory has run out since a sequence ended last: estimates are not to be trusted.
  private boolean tight;
  private int turns;
  private int batch;
  private long steps;
  private long promptTokens;
  private long cachedTokens;
  private long generatedTokens;
  private long preemptions;
  private volatile Figures figures = new Figures(0, 0, 0, 0);
  private volatile DispatcherStats stats;

  /**
   * What other threads need to know.
   *
   * @param placed sequences with a place
   * @param workPerSecond work done per second; 0 before any
   * @param meanOutput tokens of an answer, on average
   * @param promptTokens tokens of prompts with a place that have still to be computed
   */
  record Figures(int placed, double workPerSecond, double meanOutput, long promptTokens) {}

  private double meanOutput = 256;
  private final PrefixCache prefixes;
  private final @Nullable Speculation speculation;
  private long prefixHits;
  private long prefixMisses;

  /**
   * @param over told when the last answer of a request has ended
   * @param wake called from another thread when there is something to do
   */
  RunningBatch(
      Engine engine,
      DispatcherOptions options,
      FairShare share,
      PredictionMargin margin,
      Consumer<Turn> over,
      Runnable wake) {
    this.engine = engine;
    this.options = options;
    this.share = share;
    this.margin = margin;
    this.over = over;
    Path folder = options.prefixFolder();
    this.prefixes =
        new PrefixCache(
            options.prefixMemoryBytes(),
            folder == null ? null : new PrefixFolder(folder, engine),
            options.prefixDiskBytes(),
            wake);
    this.speculation = options.speculation() ? new Speculation(engine) : null;
    this.budget = new StepBudget(options.tokenTarget(), engine.options().stepTokens());
    publish();
  }

  /** Other limits and another token target; what the prefix cache was made with stays. */
  void limits(DispatcherOptions now) {
    options = now;
    budget.target(now.tokenTarget());
  }

  Figures figures() {
    return figures;
  }

  DispatcherStats stats() {
    return stats;
  }

  private void publish() {
    long prompts = 0;
    for (Turn turn : fresh) {
      prompts += prompt(turn);
    }
    for (Sequence s : running) {
      prompts += s.missing() > 1 ? s.missing() : 0;
    }
    figures = new Figures(fresh.size() + running.size(), workRate.perSecond(), meanOutput, prompts);
    stats =
        new DispatcherStats(
            turns,
            Map.of(),
            batch,
            generatedRate.perSecond(),
            promptRate.perSecond(),
            engine.store().usedBytes(),
            engine.store().budgetBytes(),
            steps,
            promptTokens,
            cachedTokens,
            generatedTokens,
            prefixHits,
            prefixMisses,
            prefixes.bytes(),
            prefixes.diskBytes(),
            preemptions,
            speculation == null ? 0 : speculation.drafted(),
            speculation == null ? 0 : speculation.accepted(),
            0,
            1);
  }

  /** True when nothing can be done until something changes outside. */
  boolean idle(long now) {
    return fresh.isEmpty()
        && running.isEmpty()
        && !prefixes.hasNews()
        && parked.stream().allMatch(s -> s.turn.ticket.interruption(now) == null);
  }

  @Override
  public @Nullable Sequence firstParked() {
    return parked.stream()
        .filter(s -> !s.turn.ticket.isPaused() && !s.loading)
        .filter(s -> s.hasSession() || fits(s.missing()))
        .min(Comparator.comparing((Sequence s) -> s.turn.ticket, share.placing()))
        .orElse(null);
  }

  @Override
  public Ticket ticket(Sequence sequence) {
    return sequence.turn.ticket;
  }

  @Override
  public boolean resume(Sequence sequence) {
    if (!makePlace(sequence.turn.ticket)) {
      return false;
    }
    parked.remove(sequence);
    running.add(sequence);
    return true;
  }

  @Override
  public boolean admit(Ticket ticket) {
    if (!fits(ticket.request.prompt().length) || !makePlace(ticket)) {
      return false;
    }
    fresh.add(new Turn(ticket));
    turns++;
    publish();
    return true;
  }

  private boolean fits(int tokens) {
    if (running.isEmpty() && fresh.isEmpty()) {
      return true;
    }
    if (tight) {
      return false;
    }
    double unseen =
        fresh.stream().mapToDouble(t -> bytes(t.request.prompt().length)).sum() + bytes(tokens);
    long used = engine.store().usedBytes() - prefixes.bytes();
    return unseen <= engine.store().budgetBytes() - used;
  }

  private double bytes(int tokens) {
    return engine.plan().kvFixed() + engine.plan().kvPerToken() * (tokens + FIRST_TOKENS);
  }

  private boolean makePlace(Ticket ticket) {
    if (fresh.size() + running.size() < options.maxRunning()) {
      return true;
    }
    Sequence victim = Placement.victim(ticket, running, this::ticket, share);
    if (victim == null) {
      return false;
    }
    park(victim);
    return true;
  }

  private static double weight(Sequence s) {
    return s.turn.request.priority().weight();
  }

  /** Ends everything. */
  void endAll(Reason reason) {
    begin();
    for (Sequence s : all()) {
      end(s, reason);
    }
  }

  /** Forgets states whose time is over. */
  void expire(long now) {
    if (prefixes.expire(now)) {
      publish();
    }
  }

  /** Milliseconds until there may be something to forget; 0 for never. */
  long untilExpiry(long now) {
    long nanos = prefixes.untilExpiry(now);
    return nanos < 0 ? 0 : 1 + nanos / 1_000_000;
  }

  /** True when states of ended requests would be lost if the process ended now. */
  boolean hasUnsaved() {
    return prefixes.hasUnsaved();
  }

  /** Brings them to the disk, on another thread. */
  void save() {
    prefixes.save();
  }

  /** Frees the memory of retained states, which stay on disk where there is one. */
  void close() {
    prefixes.close();
  }

  /** Frees the retained state that is worth least; false when there is none. */
  boolean evict() {
    return prefixes.evict();
  }

  /** Fails everything. */
  void failAll(RuntimeException cause) {
    begin();
    for (Sequence s : all()) {
      fail(s.turn, cause);
    }
  }

  private List<Sequence> all() {
    List<Sequence> all = new ArrayList<>(running);
    all.addAll(parked);
    return all;
  }

  /** Runs one step; returns what it computed, null for nothing. */
  @Nullable StepSize step() {
    begin();
    prefixes.takeNews();
    long now = System.nanoTime();
    for (Sequence s : all()) {
      Reason reason = s.turn.ticket.interruption(now);
      if (reason != null) {
        end(s, reason);
      }
    }
    for (Sequence s : List.copyOf(running)) {
      if (s.turn.ticket.isPaused()) {
        park(s);
      } else if (!s.hasSession()) {
        open(s);
      } else if (s.missing() == 0) {
        advance(s);
      }
    }
    StepSize size = compute();
    publish();
    return size;
  }

  private void begin() {
    for (Turn turn : fresh) {
      running.add(new Sequence(turn, answer(turn, 0), null));
    }
    fresh.clear();
  }

  private Answer answer(Turn turn, int choice) {
    return new Answer(
        turn.request,
        turn.listener,
        choice,
        engine.options().context(),
        engine.model().config().imageId());
  }

  /** Finds a state to start from. */
  private void open(Sequence s) {
    while (!s.hasSession()) {
      String key = cacheKey(s.turn);
      if (key != null) {
        prefixes.owned(key, s.turn.request.tenant(), s.turn.request.prefixLimits());
      }
      PrefixCache.Match match = key == null ? null : prefixes.find(key, s.tokens(), !s.fileFailed);
      try {
        if (match != null && match.isFiled()) {
          load(s, match);
          return;
        }
        Session known = match == null ? null : prefixes.open(match);
        s.open(known == null ? engine.newSession() : known);
        opened(s, match);
      } catch (KvBudgetException e) {
        if (prefixes.evict()) {
          continue;
        }
        if (all().stream().noneMatch(Sequence::hasSession)) {
          fail(s.turn, e);
        } else {
          park(s);
          tight = true;
        }
        return;
      }
    }
  }

  private void park(Sequence s) {
    running.remove(s);
    parked.add(s);
  }

  /** Reads a state from disk, while the sequence has no place. */
  private void load(Sequence s, PrefixCache.Match match) {
    park(s);
    s.loading = true;
    prefixes.load(
        match,
        (session, noRoom) -> {
          s.loading = false;
          s.fileFailed |= noRoom;
          if (session == null) {
            return;
          }
          if (parked.contains(s)) {
            s.open(session);
            opened(s, match);
          } else {
            session.close();
          }
        });
  }

  private void opened(Sequence s, PrefixCache.@Nullable Match match) {
    Turn turn = s.turn;
    if (match != null && match.shared() - s.session().length() >= LEAST_SHARED) {
      turn.branch = match.shared();
    }
    if (turn.cached < 0) {
      turn.cached = s.session().length();
      promptTokens += prompt(turn);
      cachedTokens += turn.cached;
      if (match != null) {
        prefixHits += turn.cached > 0 ? 1 : 0;
        prefixMisses += turn.cached > 0 ? 0 : 1;
      }
      guard(turn, () -> turn.listener.onPrefill(turn.cached, prompt(turn), turn.cached));
    }
  }

  /** The key under which states of a request are retained; null for not at all. */
  private @Nullable String cacheKey(Turn turn) {
    return options.prefixMemoryBytes() == 0 ? null : turn.request.cacheKey();
  }

  /** Retains a copy of a state, if there is room. */
  private void keepCopy(Sequence s, boolean durable) {
    String key = cacheKey(s.turn);
    while (key != null && !prefixes.holds(key, s.session().tokens())) {
      try {
        prefixes.keep(key, s.session().fork(), durable);
        return;
      } catch (KvBudgetException e) {
        if (!prefixes.evict()) {
          return;
        }
      }
    }
  }

  /** Retains the state of an answer that has ended. */
  private void keepLast(Sequence s) {
    String key = cacheKey(s.turn);
    if (key != null && s.hasSession() && s.session().length() > 0) {
      prefixes.keep(key, s.release(), true);
    }
  }

  /** Tokens from here to the next state that is retained. */
  private int untilBoundary(Sequence s) {
    int from = s.session().length();
    int left = StepShape.untilBoundary(from, options.prefixInterval());
    return from < s.turn.branch ? Math.min(left, s.turn.branch - from) : left;
  }

  private static int prompt(Turn turn) {
    return turn.request.prompt().length;
  }

  private @Nullable StepSize compute() {
    List<Sequence> taken = new ArrayList<>();
    List<Work> work = new ArrayList<>();
    int prompt = compose(taken, work);
    batch = work.size();
    if (work.isEmpty()) {
      return null;
    }
    int answers = rows(work) - prompt;
    StepSize size = size(work, prompt, answers);
    long start = System.nanoTime();
    if (!run(taken, work)) {
      taken.forEach(Sequence::takeGuesses);
      return null;
    }
    long nanos = System.nanoTime() - start;
    steps++;
    if (answers > 0) {
      budget.learn(prompt, nanos);
    }
    if (prompt == 0 && speculation != null) {
      speculation.learn(answers, nanos);
    }
    long generatedBefore = generatedTokens;
    for (Sequence s : taken) {
      // Those that took part go behind those for which there was no room.
      if (running.remove(s)) {
        running.add(s);
      }
    }
    long now = System.nanoTime();
    for (int i = 0; i < taken.size(); i++) {
      settle(taken.get(i), work.get(i), now);
    }
    long generated = generatedTokens - generatedBefore;
    generatedRate.add(generated, nanos);
    promptRate.add(prompt, nanos);
    workRate.add(prompt + ANSWER_WORK * generated, nanos);
    return size;
  }

  /** Of a step that is about to run: answers come first, then prompts. */
  private static StepSize size(List<Work> work, int prompt, int answers) {
    double answerContext = 0;
    double promptContext = 0;
    int seen = 0;
    for (Work one : work) {
      double tokens = (double) one.tokenCount() * one.session().length();
      if (seen < answers) {
        answerContext += tokens;
      } else {
        promptContext += tokens;
      }
      seen += one.tokenCount();
    }
    return new StepSize(
        prompt,
        prompt == 0 ? 0 : promptContext / prompt,
        answers,
        answers == 0 ? 0 : answerContext / answers);
  }

  private static int rows(List<Work> work) {
    return work.stream().mapToInt(Work::tokenCount).sum();
  }

  /** Chooses the tokens of a step; returns how many of them belong to prompts. */
  private int compose(List<Sequence> taken, List<Work> work) {
    int room = engine.options().stepTokens();
    List<Sequence> ready = running.stream().filter(s -> s.hasSession() && s.missing() > 0).toList();
    List<Sequence> prompts =
        ready.stream()
            .filter(s -> s.missing() > 1)
            .sorted(Comparator.comparing((Sequence s) -> s.turn.ticket, share.working()))
            .toList();
    int answers = StepShape.answers(room, !prompts.isEmpty());
    ready.stream().filter(s -> s.missing() == 1).limit(answers).forEach(taken::add);
    if (speculation != null) {
      speculation.propose(
          taken.stream().filter(s -> s.answer.count() > 0).toList(), answers - taken.size());
    }
    taken.forEach(s -> work.add(s.work(1)));
    room = StepShape.promptTokens(room, rows(work), budget);
    int prompt = 0;
    for (Sequence s : prompts) {
      int count = Math.min(room - prompt, s.missing());
      if (cacheKey(s.turn) != null) {
        count = Math.min(count, untilBoundary(s));
      }
      if (count > 0) {
        taken.add(s);
        work.add(s.work(count));
        prompt += count;
      }
    }
    return prompt;
  }

  /** Computes a step; false when it has to be composed anew. */
  private boolean run(List<Sequence> taken, List<Work> work) {
    try {
      engine.run(work);
      return true;
    } catch (KvBudgetException e) {
      if (!prefixes.evict() && !makeRoom()) {
        fail(taken.getLast().turn, e);
      }
      return false;
    } catch (RuntimeException e) {
      // One by one, to find the request that fails.
      for (int i = 0; i < work.size(); i++) {
        Sequence s = taken.get(i);
        int count = s.takeGuesses().length == 0 ? work.get(i).tokenCount() : 1;
        try {
          engine.run(List.of(s.work(count)));
        } catch (KvBudgetException full) {
          makeRoom();
        } catch (RuntimeException own) {
          fail(s.turn, own);
        }
      }
      return false;
    }
  }

  /** Sets the sequence back that should have memory last; false when there is only one. */
  private boolean makeRoom() {
    List<Sequence> holders = new ArrayList<>(all().stream().filter(Sequence::hasSession).toList());
    if (holders.size() < 2) {
      return false;
    }
    holders.sort(
        Comparator.comparing((Sequence s) -> parked.contains(s))
            .thenComparing(RunningBatch::weight, Comparator.reverseOrder())
            .thenComparingLong(s -> s.turn.ticket.id())
            .thenComparingInt(s -> s.answer.choice()));
    Sequence last =
        holders.stream().filter(parked::contains).findFirst().orElseGet(holders::getLast);
    last.close();
    tight = true;
    preemptions++;
    if (running.remove(last)) {
      parked.add(last);
    }
    return true;
  }

  /** Goes on with what a step has brought for a sequence. */
  private void settle(Sequence s, Work work, long now) {
    int[] guesses = s.takeGuesses();
    if (!s.hasSession()) {
      return;
    }
    int tokens = work.tokenCount();
    Turn turn = s.turn;
    boolean answering = turn.prompted && s.session().length() > prompt(turn);
    share.charge(turn.ticket, answering ? ANSWER_WORK * tokens : tokens);
    Reason reason = turn.ticket.interruption(now);
    if (reason != null) {
      if (guesses.length > 0) {
        s.session().reject(guesses.length, work.logits()[0]);
      }
      end(s, reason);
      return;
    }
    if (guesses.length > 0) {
      verify(s, work.logits(), guesses);
      return;
    }
    if (!turn.prompted
        && !guard(
            turn, () -> turn.listener.onPrefill(s.session().length(), prompt(turn), turn.cached))) {
      return;
    }
    int length = s.session().length();
    if (length < prompt(turn)
        && (length == turn.branch || length % options.prefixInterval() == 0)) {
      keepCopy(s, length == turn.branch);
    }
    if (s.missing() == 0) {
      advance(s);
    }
  }

  /** Chooses the next token of a sequence whose session is up to date. */
  private void advance(Sequence s) {
    Turn turn = s.turn;
    if (!turn.prompted) {
      turn.prompted();
      turn.ticket.learn(margin, System.nanoTime());
      keepCopy(s, true);
      fork(s);
    }
    guard(
        turn,
        () -> {
          Reason reason = choose(s, s.session().logits());
          if (reason != null) {
            end(s, reason);
          }
        });
  }

  private @Nullable Reason choose(Sequence s, float[] logits) {
    int before = s.answer.count();
    Reason reason = s.answer.next(logits);
    generatedTokens += s.answer.count() - before;
    return reason;
  }

  /**
   * Chooses tokens as long as guesses hold, and takes the others back.
   *
   * @param rows logits behind the token before the guesses and behind each of them
   */
  private void verify(Sequence s, float[][] rows, int[] guesses) {
    guard(
        s.turn,
        () -> {
          int right = 0;
          Reason reason = choose(s, rows[0]);
          while (reason == null
              && right < guesses.length
              && guesses[right] == s.answer.token(s.answer.count() - 1)) {
            right++;
            reason = choose(s, rows[right]);
          }
          s.session().reject(guesses.length - right, rows[right]);
          Objects.requireNonNull(speculation).learn(s, guesses.length, right);
          if (reason != null) {
            end(s, reason);
          }
        });
  }

  /** Starts the other answers behind a finished prompt. */
  private void fork(Sequence first) {
    Turn turn = first.turn;
    for (int choice = 1; choice < turn.request.choices(); choice++) {
      Session copy = null;
      try {
        copy = first.session().fork();
      } catch (KvBudgetException e) {
        // It is made anew when there is room.
        preemptions++;
      }
      Sequence next = new Sequence(turn, answer(turn, choice), copy);
      if (copy != null && fresh.size() + running.size() < options.maxRunning()) {
        running.add(next);
      } else {
        parked.add(next);
      }
    }
  }

  private void end(Sequence s, Reason reason) {
    Turn turn = s.turn;
    if (!running.remove(s) && !parked.remove(s)) {
      return;
    }
    keepLast(s);
    s.close();
    tight = false;
    meanOutput += (s.answer.count() - meanOutput) / 32;
    // Answers that were never started end with the first one.
    int first = s.answer.choice();
    int last = turn.prompted ? first : turn.request.choices() - 1;
    for (int choice = first; choice <= last; choice++) {
      GenerationEnd end =
          choice == first
              ? turn.end(reason, s.answer.stopId(), s.answer.count())
              : turn.end(reason, -1, 0);
      int which = choice;
      turn.open--;
      boolean lastOne = turn.open == 0;
      turns -= lastOne ? 1 : 0;
      publish();
      boolean told = guard(turn, () -> turn.listener.onEnd(which, end));
      if (lastOne) {
        over.accept(turn);
      } else if (!told) {
        return;
      }
    }
  }

  /** Calls a listener, whose exception ends its request. */
  private boolean guard(Turn turn, Runnable call) {
    try {
      call.run();
      return true;
    } catch (RuntimeException e) {
      fail(turn, e);
      return false;
    }
  }

  private void fail(Turn turn, RuntimeException cause) {
    List<Sequence> own = all().stream().filter(s -> s.turn == turn).toList();
    own.forEach(Sequence::close);
    tight = false;
    running.removeAll(own);
    parked.removeAll(own);
    if (turn.open > 0) {
      turn.open = 0;
      turns--;
      over.accept(turn);
    }
    publish();
    try {
      turn.listener.onError(cause);
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }
}
