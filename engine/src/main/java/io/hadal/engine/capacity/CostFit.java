package io.hadal.engine.capacity;

import io.hadal.engine.capacity.StepSamples.Cell;
import io.hadal.engine.capacity.StepSamples.Sample;
import io.hadal.engine.serving.StepSize;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fits costs to steps that were: each point of the grids of a first guess gets a factor, so that
 * squares of relative distances are least. Points that no step came near go with their neighbours.
 */
final class CostFit {
  /** Squared difference of neighbours' factors, as part of that of a full cell. */
  private static final double SMOOTH = 0.05;

  /** Squared distance of a factor from 1. */
  private static final double STAY = 0.001;

  /** What was a day ago counts half. */
  private static final double HALF_MILLIS = 86_400e3;

  private static final int LEAST_CELLS = 3;

  /** Steps of about one size: their mean, with the time that is typical of it. */
  private record Point(StepSize size, double nanos, double weight) {}

  private final CostTable prior;
  private final Grid prompts;
  private final Grid answers;
  private final List<Point> points;
  private final double[][] normal;
  private final double[] right;

  private CostFit(CostTable prior, List<Cell> cells, long now) {
    this.prior = prior;
    double[] most = new double[4];
    for (Cell cell : cells) {
      for (Sample s : cell.samples()) {
        most[0] = Math.max(most[0], s.size().promptTokens());
        most[1] = Math.max(most[1], s.size().promptContext());
        most[2] = Math.max(most[2], s.size().answers());
        most[3] = Math.max(most[3], s.size().answerContext());
      }
    }
    this.prompts =
        prior.prefill().reaching(most[0], Calibration.CHUNKS, most[1], Calibration.CONTEXTS);
    this.answers =
        prior.decode().reaching(most[2], Calibration.BATCHES, most[3], Calibration.CONTEXTS);
    CostTable reaching = prior.with(prompts, answers, prior.mixed(), prior.overhead(), 0);
    this.points = cells.stream().map(cell -> point(cell, reaching, now)).toList();
    int count = prompts.rows() * prompts.columns() + answers.rows() * answers.columns();
    this.normal = new double[count][count];
    this.right = new double[count];
  }

  private static Point point(Cell cell, CostTable costs, long now) {
    double[] ratios =
        cell.samples().stream().mapToDouble(s -> s.nanos() / costs.nanos(s.size())).toArray();
    StepSize mean = mean(cell.samples());
    double age = Math.max(0, now - cell.at());
    double weight = cell.samples().size() * Math.pow(2, -age / HALF_MILLIS) / StepSamples.KEPT;
    return new Point(mean, median(ratios) * costs.nanos(mean), weight);
  }

  private static StepSize mean(List<Sample> samples) {
    double[] sums = new double[4];
    for (Sample s : samples) {
      sums[0] += s.size().promptTokens();
      sums[1] += s.size().promptContext();
      sums[2] += s.size().answers();
      sums[3] += s.size().answerContext();
    }
    int n = samples.size();
    return new StepSize(
        (int) Math.round(sums[0] / n), sums[1] / n, (int) Math.round(sums[2] / n), sums[3] / n);
  }

  /**
   * Costs by the steps that were.
   *
   * @param prior first guess
   * @param now milliseconds since 1970
   */
  static CostTable fit(CostTable prior, List<Cell> cells, long now) {
    CostFit fit = new CostFit(prior, cells, now);
    CostTable first = fit.solve(prior.mixed());
    double mixed = fit.mixed(first);
    CostTable best = mixed == first.mixed() ? first : fit.solve(mixed);
    return best.with(
        best.prefill(), best.decode(), best.mixed(), best.overhead(), residual(best, cells));
  }

  private static double residual(CostTable costs, List<Cell> cells) {
    return median(
        cells.stream()
            .flatMap(cell -> cell.samples().stream())
            .mapToDouble(s -> Math.abs(s.nanos() / costs.nanos(s.size()) - 1))
            .toArray());
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
  }

  private CostTable solve(double mixed) {
    for (double[] row : normal) {
      Arrays.fill(row, 0);
    }
    Arrays.fill(right, 0);
    for (Point point : points) {
      add(point, mixed);
    }
    int first = 0;
    for (Grid grid : List.of(prompts, answers)) {
      smooth(grid, first);
      first += grid.rows() * grid.columns();
    }
    double[] factors = Cholesky.solve(normal, right);
    return prior.with(
        scaled(prompts, factors, 0),
        scaled(answers, factors, prompts.rows() * prompts.columns()),
        mixed,
        prior.overhead(),
        0);
  }

  /** The equation of a point, as {@link CostTable#nanos} computes it. */
  private void add(Point point, double mixed) {
    StepSize size = point.size;
    double[] row = new double[right.length];
    double known = prior.overhead().step() + prior.overhead().answer() * size.answers();
    if (size.answers() == 0) {
      parts(row, prompts, 0, size.promptTokens(), size.promptContext(), 1);
    } else {
      int behind = prompts.rows() * prompts.columns();
      parts(row, answers, behind, size.answers(), size.answerContext(), 1);
      if (size.promptTokens() > 0) {
        parts(row, prompts, 0, size.promptTokens(), size.promptContext(), mixed);
        parts(row, prompts, 0, 1, size.promptContext(), -mixed);
      }
    }
    // Never nothing, however much serving was thought to take.
    double rest = Math.max(point.nanos - known, point.nanos / 10) / point.nanos;
    for (int i = 0; i < row.length; i++) {
      if (row[i] != 0) {
        double scaled = row[i] / point.nanos * point.weight;
        right[i] += scaled * rest;
        for (int j = 0; j < row.length; j++) {
          normal[i][j] += scaled * row[j] / point.nanos;
        }
      }
    }
  }

  private static void parts(double[] row, Grid grid, int first, double x, double y, double times) {
    grid.parts(
        x,
        y,
        (i, j, part) -> row[first + i * grid.columns() + j] += times * part * grid.value(i, j));
  }

  private void smooth(Grid grid, int first) {
    for (int i = 0; i < grid.rows(); i++) {
      for (int j = 0; j < grid.columns(); j++) {
        int at = first + i * grid.columns() + j;
        normal[at][at] += STAY;
        right[at] += STAY;
        if (i > 0) {
          alike(at, at - grid.columns());
        }
        if (j > 0) {
          alike(at, at - 1);
        }
      }
    }
  }

  private void alike(int a, int b) {
    normal[a][a] += SMOOTH;
    normal[b][b] += SMOOTH;
    normal[a][b] -= SMOOTH;
    normal[b][a] -= SMOOTH;
  }

  private static Grid scaled(Grid grid, double[] factors, int first) {
    double[][] values = new double[grid.rows()][grid.columns()];
    for (int i = 0; i < grid.rows(); i++) {
      for (int j = 0; j < grid.columns(); j++) {
        double factor = Math.clamp(factors[first + i * grid.columns() + j], 0.01, 100);
        values[i][j] = Math.max(1, grid.value(i, j) * factor);
      }
    }
    return grid.with(values);
  }

  /**
   * Part of a prompt's time that it adds to answers: only known beside prompts alone, else the
   * grids have it in them already.
   */
  private double mixed(CostTable costs) {
    List<Double> parts = new ArrayList<>();
    int alone = 0;
    for (Point point : points) {
      StepSize size = point.size;
      alone += size.answers() == 0 ? 1 : 0;
      if (size.answers() > 0 && size.promptTokens() > 1) {
        double without = costs.nanos(new StepSize(0, 0, size.answers(), size.answerContext()));
        double whole =
            costs.prefill().at(size.promptTokens(), size.promptContext())
                - costs.prefill().at(1, size.promptContext());
        if (whole > 0) {
          parts.add((point.nanos - without) / whole);
        }
      }
    }
    return alone < LEAST_CELLS || parts.size() < LEAST_CELLS
        ? costs.mixed()
        : Math.clamp(median(parts.stream().mapToDouble(p -> p).toArray()), 0.2, 2);
  }

  /**
   * A first guess from steps alone: so much for a step, for each token of a prompt and for each
   * answer.
   *
   * @param like has everything but costs
   * @return null without both prompts and answers
   */
  static @Nullable CostTable guess(CostTable like, List<Cell> cells) {
    boolean prompts = false;
    boolean answers = false;
    // Non-negative least squares of relative distances, one unknown after the other.
    double[] costs = new double[3];
    double[][] rows = new double[cells.size()][3];
    for (int i = 0; i < rows.length; i++) {
      List<Sample> samples = cells.get(i).samples();
      StepSize size = mean(samples);
      double nanos = median(samples.stream().mapToDouble(Sample::nanos).toArray());
      prompts |= size.promptTokens() > 1;
      answers |= size.answers() > 0;
      rows[i] = new double[] {1 / nanos, size.promptTokens() / nanos, size.answers() / nanos};
    }
    if (!prompts || !answers) {
      return null;
    }
    for (int round = 0; round < 500; round++) {
      int k = round % 3;
      double up = 0;
      double down = 0;
      for (double[] row : rows) {
        double others = 1;
        for (int j = 0; j < 3; j++) {
          others -= j == k ? 0 : row[j] * costs[j];
        }
        up += row[k] * others;
        down += row[k] * row[k];
      }
      costs[k] = down == 0 ? 0 : Math.max(0, up / down);
    }
    return like.with(
        line(Calibration.CHUNKS, costs[0], costs[1]),
        line(Calibration.BATCHES, costs[0], costs[2]),
        1,
        ServingOverhead.NONE,
        0);
  }

  private static Grid line(int[] xs, double fixed, double each) {
    double[][] values = new double[xs.length][];
    for (int i = 0; i < xs.length; i++) {
      values[i] = new double[] {Math.max(1, fixed + each * xs[i])};
    }
    return new Grid(xs, new int[] {0}, values);
  }
}
