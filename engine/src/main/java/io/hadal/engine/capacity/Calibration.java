package io.hadal.engine.capacity;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import io.hadal.engine.Work;
import io.hadal.model.cache.KvBudgetException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Measures what steps of a loaded model cost: prompts of some lengths behind timelines of some
 * lengths, and batches of answers on such timelines. Nobody else may use the engine meanwhile.
 */
public final class Calibration {
  static final int[] CONTEXTS = {0, 256, 1024, 4096, 16_384, 65_536, 262_144};
  static final int[] CHUNKS = {1, 16, 64, 256, 512, 1024, 2048};
  static final int[] BATCHES = {1, 2, 4, 8, 16, 32, 64};

  private final Engine engine;
  private final int repeats;
  private final int longest;
  private final int mostAnswers;
  private final Consumer<String> progress;
  private final List<Double> distances = new ArrayList<>();

  /**
   * @param longest longest timeline to measure, in tokens
   * @param mostAnswers largest batch
   * @param repeats steps for each point, of which the median counts
   * @param progress told what is being measured
   */
  public Calibration(
      Engine engine, int longest, int mostAnswers, int repeats, Consumer<String> progress) {
    this.engine = engine;
    this.longest = Math.min(longest, engine.options().context());
    this.mostAnswers = mostAnswers;
    this.repeats = repeats;
    this.progress = progress;
  }

  /**
   * Measures.
   *
   * @param model name of the model
   * @param host what it runs on
   * @param loadSeconds until it was loaded and warm; 0 when unknown
   * @throws KvBudgetException when there is no room for a single short timeline
   * @throws InterruptedException when the thread is, while requests are served
   */
  public CostTable measure(String model, String host, double loadSeconds)
      throws InterruptedException {
    int stepTokens = engine.options().stepTokens();
    int[] chunks = upTo(CHUNKS, Math.min(stepTokens, longest - repeats - 1));
    int[] batches = upTo(BATCHES, Math.min(mostAnswers, stepTokens));
    int[] contexts = upTo(CONTEXTS, longest - chunks[chunks.length - 1] - repeats - 2);
    List<double[]> prefill = new ArrayList<>();
    List<double[]> decode = new ArrayList<>();
    try (Session base = engine.newSession()) {
      for (int context : contexts) {
        try {
          grow(base, context);
          double[] prompts = new double[chunks.length];
          for (int i = 0; i < chunks.length; i++) {
            prompts[i] = prompt(base, chunks[i]);
          }
          double[] answers = new double[batches.length];
          for (int i = 0; i < batches.length; i++) {
            answers[i] = answers(base, batches[i]);
          }
          prefill.add(prompts);
          decode.add(answers);
          progress.accept(
              "%d tokens before: %.2f ms an answer, %.0f prompt tokens/s"
                  .formatted(
                      context,
                      answers[0] / 1e6,
                      chunks[chunks.length - 1] * 1e9 / prompts[chunks.length - 1]));
        } catch (KvBudgetException e) {
          if (prefill.isEmpty()) {
            throw e;
          }
          progress.accept(context + " tokens before: no room for the caches, left out");
          break;
        }
      }
    }
    int[] known = Arrays.copyOf(contexts, prefill.size());
    Grid prompts = new Grid(chunks, known, transposed(prefill, chunks.length));
    Grid answers = new Grid(batches, known, transposed(decode, batches.length));
    distances.sort(null);
    CostTable steps =
        new CostTable(
            model,
            engine.model().fingerprint(),
            host,
            loadSeconds,
            prompts,
            answers,
            mixed(prompts, answers, chunks, batches),
            ServingOverhead.NONE,
            stepTokens,
            engine.plan().kvFixed(),
            engine.plan().kvPerToken(),
            engine.store().budgetBytes(),
            distances.get(distances.size() / 2));
    ServingOverhead overhead =
        ServingOverhead.measure(engine, steps, mostAnswers, repeats, tokens(0, longest));
    progress.accept(
        "serving: %.3f ms a step, %.3f ms an answer of it"
            .formatted(overhead.step() / 1e6, overhead.answer() / 1e6));
    return steps.with(overhead);
  }

  private static int[] upTo(int[] points, int most) {
    int[] some = Arrays.stream(points).filter(p -> p <= most).toArray();
    return some.length == 0 ? new int[] {points[0]} : some;
  }

  private static double[][] transposed(List<double[]> byContext, int count) {
    double[][] values = new double[count][byContext.size()];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < byContext.size(); j++) {
        values[i][j] = byContext.get(j)[i];
      }
    }
    return values;
  }

  /** Tokens that are ordinary in every vocabulary. */
  private int[] tokens(int from, int count) {
    int most = Math.min(1000, engine.model().config().vocabSize());
    int image = engine.model().config().imageId();
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      int id = Math.floorMod((from + i) * 7919, most);
      tokens[i] = id == image ? (id + 1) % most : id;
    }
    return tokens;
  }

  private void grow(Session session, int length) {
    while (session.length() < length) {
      int count = Math.min(length - session.length(), engine.options().stepTokens());
      engine.run(List.of(new Work(session, tokens(session.length(), count), false)));
    }
  }

  private double prompt(Session base, int count) {
    double[] times = new double[repeats];
    for (int i = -1; i < repeats; i++) {
      try (Session session = base.length() == 0 ? engine.newSession() : base.fork()) {
        long start = System.nanoTime();
        engine.run(List.of(new Work(session, tokens(base.length(), count), false)));
        if (i >= 0) {
          times[i] = System.nanoTime() - start;
        }
      }
    }
    return median(times);
  }

  private double answers(Session base, int count) {
    List<Session> sessions = new ArrayList<>();
    try {
      open(base, count, sessions);
      double[] times = new double[repeats];
      for (int i = -1; i < repeats; i++) {
        List<Work> work = works(sessions);
        long start = System.nanoTime();
        engine.run(work);
        if (i >= 0) {
          times[i] = System.nanoTime() - start;
        }
      }
      return median(times);
    } finally {
      sessions.forEach(Session::close);
    }
  }

  private void open(Session base, int count, List<Session> sessions) {
    for (int i = 0; i < count; i++) {
      sessions.add(base.length() == 0 ? engine.newSession() : base.fork());
    }
  }

  private List<Work> works(List<Session> sessions) {
    List<Work> work = new ArrayList<>();
    for (Session session : sessions) {
      work.add(new Work(session, tokens(session.length(), 1), false));
    }
    return work;
  }

  /** What a prompt adds to a step of answers, as part of its own time. */
  private double mixed(Grid prompts, Grid answers, int[] chunks, int[] batches) {
    int chunk = chunks[chunks.length / 2];
    int batch = batches[batches.length / 2];
    if (chunk < 2 || chunk + batch > engine.options().stepTokens()) {
      return 1;
    }
    List<Session> sessions = new ArrayList<>();
    try (Session base = engine.newSession()) {
      open(base, batch, sessions);
      double[] times = new double[repeats];
      for (int i = -1; i < repeats; i++) {
        try (Session prompt = engine.newSession()) {
          List<Work> work = works(sessions);
          work.add(new Work(prompt, tokens(0, chunk), false));
          long start = System.nanoTime();
          engine.run(work);
          if (i >= 0) {
            times[i] = System.nanoTime() - start;
          }
        }
      }
      double alone = prompts.at(chunk, 0) - prompts.at(1, 0);
      double added = median(times) - answers.at(batch, 1);
      return alone <= 0 ? 1 : Math.clamp(added / alone, 0.2, 2);
    } catch (KvBudgetException e) {
      return 1;
    } finally {
      sessions.forEach(Session::close);
    }
  }

  private double median(double[] times) {
    double[] sorted = times.clone();
    Arrays.sort(sorted);
    double median = Math.max(1, sorted[sorted.length / 2]);
    for (double time : times) {
      distances.add(Math.abs(time - median) / median);
    }
    return median;
  }
}
