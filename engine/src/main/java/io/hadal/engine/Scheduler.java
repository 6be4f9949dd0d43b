package io.hadal.engine;

import io.hadal.engine.draft.Guess;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.forward.Batch;
import io.hadal.model.forward.BlockProposal;
import io.hadal.model.forward.ForwardPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Cuts the work of sessions into steps; every step is one pass over the weights for all sessions
 * that have tokens.
 */
final class Scheduler {
  private final ModelConfig config;
  private final ForwardPass forward;
  private final int stepTokens;
  private final boolean drafting;
  private final AtomicInteger steps = new AtomicInteger();

  Scheduler(ModelConfig config, ForwardPass forward, int stepTokens, boolean drafting) {
    this.config = config;
    this.forward = forward;
    this.stepTokens = stepTokens;
    this.drafting = drafting;
  }

  boolean drafting() {
    return drafting;
  }

  /** True while a step runs or waits. */
  boolean busy() {
    return steps.get() > 0;
  }

  void run(List<Work> work) {
    steps.incrementAndGet();
    try {
      runAll(work);
    } finally {
      steps.decrementAndGet();
    }
  }

  private synchronized void runAll(List<Work> work) {
    Set<Session> sessions = new HashSet<>();
    for (Work w : work) {
      w.session().check(w.tokens());
      if (!sessions.add(w.session())) {
        throw new IllegalArgumentException("a session can do one piece of work in a run");
      }
      w.begin();
    }
    boolean done = false;
    try {
      List<Work> open = work;
      while (!open.isEmpty()) {
        boolean encoding = open.getFirst().isEncoding();
        step(open.stream().filter(w -> w.isEncoding() == encoding).toList(), encoding);
        open = work.stream().filter(w -> w.remaining() > 0).toList();
      }
      done = true;
    } finally {
      if (!done) {
        work.forEach(Work::takeBack);
      }
    }
  }

  private void step(List<Work> open, boolean encoding) {
    Batch batch = encoding ? Batch.encoded(stepTokens) : new Batch(stepTokens);
    List<Work> taken = new ArrayList<>();
    int[] counts = new int[open.size()];
    boolean all = open.stream().mapToLong(Work::remaining).sum() <= stepTokens;
    for (int i = 0; i < open.size() && batch.size() < stepTokens; i++) {
      Work w = open.get(i);
      // What is left is shared evenly, so that a long prompt cannot starve the others.
      int share = Math.max(1, (stepTokens - batch.size()) / (open.size() - i));
      counts[i] = all ? w.remaining() : Math.min(w.remaining(), share);
      batch.add(w.session().cache(), w.tokens(), w.done(), counts[i]);
      taken.add(w);
    }
    float[] streams = forward.run(batch, wanted(taken, counts, encoding));
    for (int i = 0; i < taken.size(); i++) {
      Work w = taken.get(i);
      w.session().advance(w.tokens(), w.done(), counts[i]);
    }
    if (!encoding) {
      pool(taken, counts, streams);
      logits(taken, counts, streams);
    }
    for (int i = 0; i < taken.size(); i++) {
      taken.get(i).advance(counts[i]);
    }
    if (drafting && blockDrafts()) {
      Batch committed = new Batch(stepTokens);
      for (int i = 0; i < taken.size(); i++) {
        Work w = taken.get(i);
        committed.add(w.session().draftCache(), w.tokens(), w.done() - counts[i], counts[i]);
      }
      forward.followBlock(committed);
    } else if (drafting) {
      keepStreams(taken, counts, streams);
    }
  }

  /** Rows of the step whose streams something is made of: a drafter of its own layers reads all. */
  private int[] wanted(List<Work> taken, int[] counts, boolean encoding) {
    IntStream.Builder rows = IntStream.builder();
    boolean all = drafting && !blockDrafts();
    int row = 0;
    for (int i = 0; i < taken.size(); i++) {
      Work w = taken.get(i);
      boolean each = all || (!encoding && (w.isPooling() || w.allLogits()));
      boolean last = !encoding && w.remaining() == counts[i];
      int from = each ? row : last ? row + counts[i] - 1 : row + counts[i];
      row += counts[i];
      for (int r = from; r < row; r++) {
        rows.add(r);
      }
    }
    return rows.build().toArray();
  }

  private boolean blockDrafts() {
    return config.blockDraft() != null;
  }

  private void keepStreams(List<Work> taken, int[] counts, float[] streams) {
    int width = config.streamWidth();
    int row = 0;
    for (int i = 0; i < taken.size(); i++) {
      taken
          .get(i)
          .session()
          .keepStreams(
              Arrays.copyOfRange(streams, row * width, (row + counts[i]) * width), counts[i]);
      row += counts[i];
    }
    for (Work w : taken) {
      // The drafter must not see a token that may be taken back.
      if (!w.isGuess()) {
        followDraft(w.session());
      }
    }
  }

  private void pool(List<Work> taken, int[] counts, float[] streams) {
    int row = 0;
    for (int i = 0; i < taken.size(); i++) {
      if (taken.get(i).isPooling()) {
        float[] hidden = forward.hidden(streams, IntStream.range(row, row + counts[i]).toArray());
        for (int t = 0; t < counts[i]; t++) {
          taken.get(i).pool(hidden, t);
        }
      }
      row += counts[i];
    }
  }

  /** A row of the step whose logits are a result. */
  private record Wanted(Work work, int index, int row) {}

  private void logits(List<Work> taken, int[] counts, float[] streams) {
    List<Wanted> wanted = new ArrayList<>();
    int row = 0;
    for (int i = 0; i < taken.size(); i++) {
      Work w = taken.get(i);
      if (w.isPooling()) {
        row += counts[i];
        continue;
      }
      if (w.allLogits()) {
        for (int t = 0; t < counts[i]; t++) {
          wanted.add(new Wanted(w, w.done() + t, row + t));
        }
      } else if (w.remaining() == counts[i]) {
        wanted.add(new Wanted(w, 0, row + counts[i] - 1));
      }
      row += counts[i];
    }
    int vocab = config.vocabSize();
    // Rows in pieces, so that a long prompt does not need one huge buffer.
    int piece = Math.max(1, (1 << 22) / vocab);
    for (int from = 0; from < wanted.size(); from += piece) {
      List<Wanted> some = wanted.subList(from, Math.min(wanted.size(), from + piece));
      float[] out = new float[some.size() * vocab];
      forward.logits(streams, some.stream().mapToInt(Wanted::row).toArray(), out);
      for (int i = 0; i < some.size(); i++) {
        Wanted w = some.get(i);
        w.work.logits()[w.index] = Arrays.copyOfRange(out, i * vocab, (i + 1) * vocab);
      }
    }
    for (int i = 0; i < taken.size(); i++) {
      Work w = taken.get(i);
      if (w.remaining() == counts[i] && !w.isPooling()) {
        w.session().setLogits(w.logits()[w.logits().length - 1]);
      }
    }
  }

  /** Runs the drafter over every position whose next token is known. */
  private void followDraft(Session session) {
    int known = session.pendingRows() - 1;
    if (known > 0) {
      int[] next = session.nextTokens(known);
      runDrafter(session, next);
    }
  }

  /**
   * Guesses for the tokens after {@code next}, which follows the session's last position; none when
   * the drafter has been asked already.
   */
  synchronized Guess propose(Session session, int next) {
    if (blockDrafts()) {
      BlockProposal p = proposeBlock(session, next);
      return new Guess(p.tokens(), p.confidence());
    }
    int rows = session.pendingRows();
    if (rows == 0) {
      return Guess.NONE;
    }
    int[] tokens = Arrays.copyOf(session.nextTokens(rows - 1), rows);
    tokens[rows - 1] = next;
    float[] streams = runDrafter(session, tokens);
    float[] out = new float[config.vocabSize()];
    forward.draftLogits(0, streams, new int[] {tokens.length - 1}, out);
    return new Guess(new int[] {Sampler.argmax(out)}, null);
  }

  synchronized BlockProposal proposeBlock(Session session, int next) {
    return forward.proposeBlock(session.draftCache(), next);
  }

  /** Draft logits for every position of a fresh session's prompt. */
  synchronized float[][] draftAll(Session session, int[] tokens, int next) {
    Batch batch = new Batch(tokens.length);
    batch.add(session.cache(), tokens, 0, tokens.length);
    float[] trunk = forward.run(batch);
    int[] following = Arrays.copyOfRange(tokens, 1, tokens.length + 1);
    following[tokens.length - 1] = next;
    Batch drafts = new Batch(following.length);
    drafts.add(session.draftCache(), following, 0, following.length);
    float[] streams = forward.draft(0, drafts, trunk, 0);
    int vocab = config.vocabSize();
    float[] out = new float[following.length * vocab];
    forward.draftLogits(0, streams, IntStream.range(0, following.length).toArray(), out);
    float[][] rows = new float[following.length][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(out, i * vocab, (i + 1) * vocab);
    }
    return rows;
  }

  private float[] runDrafter(Session session, int[] next) {
    Batch batch = new Batch(next.length);
    batch.add(session.draftCache(), next, 0, next.length);
    float[] streams = forward.draft(0, batch, session.pendingStreams(), 0);
    session.dropStreams(next.length);
    return streams;
  }
}
