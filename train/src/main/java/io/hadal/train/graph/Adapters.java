package io.hadal.train.graph;

import io.hadal.kernels.WorkerPool;
import io.hadal.model.weights.Adapter;
import io.hadal.train.graph.Parameter.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/**
 * Freezes a model but for low-rank adapters on chosen matrices and the rows of chosen n-gram
 * tables.
 */
public final class Adapters {
  /** Rows of a matrix that one task brings up to date. */
  private static final int ROWS = 128;

  private static final String WEIGHT = ".weight";

  private final WorkerPool pool;
  private final ParameterSet trained;
  private final List<MatrixAdapter> adapters = new ArrayList<>();
  private final Map<Parameter, float[]> tables = new LinkedHashMap<>();
  private final List<Task> tasks = new ArrayList<>();

  private record Task(MatrixAdapter adapter, int from, int to) {}

  private Adapters(WorkerPool pool, long seed) {
    this.pool = pool;
    this.trained = new ParameterSet(new SplittableRandom(seed));
  }

  /**
   * Freezes all parameters and attaches adapters; A is random, B zero, so the model is what it was.
   *
   * @param model parameters that hold the values to start from
   * @param chosen names of the matrices and tables to train
   * @param scale factor on the products
   * @param seed of the values of A
   */
  public static Adapters attach(
      ParameterSet model,
      Predicate<String> chosen,
      int rank,
      float scale,
      long seed,
      WorkerPool pool) {
    Adapters all = new Adapters(pool, seed);
    for (Parameter p : model.all()) {
      boolean learns = chosen.test(p.name());
      if (learns && p.kind() == Kind.TABLE) {
        all.tables.put(p, p.value().clone());
        all.trained.share(p);
      } else if (learns && (p.kind() == Kind.MATRIX || p.kind() == Kind.EMBEDDING)) {
        all.attach(p, rank, scale);
      } else {
        p.freeze();
      }
    }
    return all;
  }

  private void attach(Parameter p, int rank, float scale) {
    int cols = p.rowSize();
    int rows = p.size() / cols;
    String base = base(p);
    double deviation = 1 / Math.sqrt(cols);
    Parameter a = trained.normal(base + Adapter.LORA_A, Kind.MATRIX, deviation, rank, cols);
    Parameter b = trained.constant(base + Adapter.LORA_B, Kind.MATRIX, 0, rows, rank);
    MatrixAdapter adapter = new MatrixAdapter(p, a, b, scale);
    p.adapt(adapter);
    adapters.add(adapter);
    for (int from = 0; from < rows; from += ROWS) {
      tasks.add(new Task(adapter, from, Math.min(rows, from + ROWS)));
    }
  }

  /** An adapter names a tensor without this ending. */
  private static String base(Parameter p) {
    String name = p.name();
    return name.endsWith(WEIGHT) ? name.substring(0, name.length() - WEIGHT.length()) : name;
  }

  /** Tables whose rows are trained, by the names that an adapter gives them. */
  public Map<String, Parameter> tables() {
    Map<String, Parameter> named = new LinkedHashMap<>();
    tables.keySet().forEach(p -> named.put(base(p), p));
    return named;
  }

  /** The values that a table began with. */
  public float[] before(Parameter table) {
    return Objects.requireNonNull(tables.get(table));
  }

  /** What is left to train: A and B of every matrix, and whole tables. */
  public ParameterSet trained() {
    return trained;
  }

  /** Number of matrices with an adapter. */
  public int matrices() {
    return adapters.size();
  }

  /** Brings the model's matrices up to date with A and B. */
  public void apply() {
    pool.run(
        tasks.size(),
        (i, worker) -> {
          Task task = tasks.get(i);
          task.adapter.apply(task.from, task.to);
        });
  }
}
