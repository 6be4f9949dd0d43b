package io.hadal.train.optimizer;

import io.hadal.kernels.Kernels;
import io.hadal.kernels.TrainingKernels;
import io.hadal.kernels.WorkerPool;
import io.hadal.train.graph.Parameter;
import io.hadal.train.graph.Parameter.Kind;
import io.hadal.train.graph.ParameterSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Adam with bias correction, and decoupled decay of matrices. Rows of tables that a step does not
 * touch rest, moments and all; every row has its own count of steps. Matrices of hidden layers can
 * be left to Muon instead.
 */
public final class AdamW {
  private static final int CHUNK = 1 << 15;

  private final Settings settings;
  private final WorkerPool pool;
  private final Kernels kernels = Kernels.get();
  private final TrainingKernels training = TrainingKernels.get();
  private final Map<String, Moments> moments = new LinkedHashMap<>();
  private final List<Chunk> chunks = new ArrayList<>();
  private final List<Parameter> tables = new ArrayList<>();
  private final Muon muon;
  private long steps;

  /**
   * Constants of the update.
   *
   * @param decay of matrices, relative to the learning rate
   * @param clip largest global norm of the gradient, 0 for no limit
   * @param tableRate learning rate of tables, relative to that of the rest
   * @param muon whether matrices of hidden layers are updated by Muon
   */
  public record Settings(
      double beta1,
      double beta2,
      double eps,
      double decay,
      double clip,
      double tableRate,
      boolean muon) {}

  /**
   * State of a parameter.
   *
   * @param first mean of the gradient, or Muon's momentum
   * @param second mean of its square; empty under Muon
   * @param counts steps of each row, for tables
   */
  public record Moments(float[] first, float[] second, float[] counts) {}

  private record Chunk(Parameter parameter, int from, int count, boolean adam) {}

  /** Starts with zero moments. */
  public AdamW(ParameterSet parameters, Settings settings, WorkerPool pool) {
    this.settings = settings;
    this.pool = pool;
    List<Parameter> matrices = new ArrayList<>();
    for (Parameter p : parameters.all()) {
      if (p.kind() == Kind.STATE) {
        continue;
      }
      boolean table = p.kind() == Kind.TABLE;
      int rows = table ? p.size() / p.rowSize() : 0;
      boolean adam = !settings.muon() || !Muon.takes(p);
      float[] second = new float[adam ? p.size() : 0];
      moments.put(p.name(), new Moments(new float[p.size()], second, new float[rows]));
      if (!adam) {
        matrices.add(p);
      }
      if (table) {
        tables.add(p);
        continue;
      }
      for (int from = 0; from < p.size(); from += CHUNK) {
        chunks.add(new Chunk(p, from, Math.min(CHUNK, p.size() - from), adam));
      }
    }
    this.muon = new Muon(matrices, moments, pool);
  }

  /** State by the name of the parameter. */
  public Map<String, Moments> moments() {
    return moments;
  }

  /** Steps done. */
  public long steps() {
    return steps;
  }

  /** Continues at a step; the moments are set by themselves. */
  public void restore(long done) {
    steps = done;
  }

  /**
   * Updates all parameters from their gradients.
   *
   * @return global norm of the gradient before clipping
   * @throws ArithmeticException when that is not finite; nothing is updated then
   */
  public double step(double rate) {
    double norm = Math.sqrt(squares());
    if (!Double.isFinite(norm)) {
      throw new ArithmeticException("the gradient is not finite");
    }
    double clip = settings.clip();
    float factor = (float) (clip > 0 && norm > clip ? clip / norm : 1);
    steps++;
    double stepSize = rate / (1 - Math.pow(settings.beta1(), steps));
    double root = 1 / Math.sqrt(1 - Math.pow(settings.beta2(), steps));
    pool.run(
        chunks.size(),
        (i, worker) -> {
          Chunk c = chunks.get(i);
          if (!c.adam) {
            return;
          }
          double decay = c.parameter.kind() == Kind.MATRIX ? settings.decay() * rate : 0;
          update(c.parameter, c.from, c.count, factor, stepSize, root, decay);
        });
    muon.step(factor, rate, settings.decay() * rate);
    for (Parameter table : tables) {
      int width = table.rowSize();
      float[] counts = state(table).counts();
      pool.run(
          (table.touchedCount() + 255) / 256,
          (block, worker) -> {
            int end = Math.min(table.touchedCount(), (block + 1) * 256);
            for (int i = block * 256; i < end; i++) {
              int row = table.touchedRow(i);
              counts[row]++;
              double own = rate * settings.tableRate();
              double size = own / (1 - Math.pow(settings.beta1(), counts[row]));
              double ownRoot = 1 / Math.sqrt(1 - Math.pow(settings.beta2(), counts[row]));
              update(table, row * width, width, factor, size, ownRoot, 0);
            }
          });
    }
    return norm;
  }

  private Moments state(Parameter p) {
    return Objects.requireNonNull(moments.get(p.name()));
  }

  private void update(
      Parameter p, int from, int count, float factor, double step, double root, double decay) {
    Moments m = state(p);
    training.adam(
        p.value(),
        p.gradient(),
        m.first(),
        m.second(),
        from,
        count,
        factor,
        (float) settings.beta1(),
        (float) settings.beta2(),
        (float) step,
        (float) root,
        (float) settings.eps(),
        (float) decay);
  }

  private double squares() {
    double[] sums = new double[chunks.size()];
    pool.run(
        chunks.size(),
        (i, worker) -> {
          Chunk c = chunks.get(i);
          float[] g = c.parameter.gradient();
          sums[i] = kernels.dot(g, c.from, g, c.from, c.count);
        });
    double sum = 0;
    for (double s : sums) {
      sum += s;
    }
    for (Parameter table : tables) {
      int width = table.rowSize();
      float[] g = table.gradient();
      for (int i = 0; i < table.touchedCount(); i++) {
        int at = table.touchedRow(i) * width;
        sum += kernels.dot(g, at, g, at, width);
      }
    }
    return sum;
  }
}
