package io.hadal.engine.capacity;

import io.hadal.formats.FormatException;
import java.util.Arrays;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A function of two whole numbers: linear between measured points, and going on so beyond. */
public final class Grid {
  /** 1 everywhere. */
  static final Grid ONE = new Grid(new int[] {1}, new int[] {0}, new double[][] {{1}});

  private static final int MOST = 64;

  private final int[] xs;
  private final int[] ys;
  private final double[][] values;

  /**
   * @param xs in ascending order
   * @param ys in ascending order
   * @param values {@code [x][y]}, above 0
   */
  Grid(int[] xs, int[] ys, double[][] values) {
    this.xs = xs.clone();
    this.ys = ys.clone();
    this.values = new double[xs.length][];
    for (int i = 0; i < xs.length; i++) {
      this.values[i] = values[i].clone();
    }
  }

  /** The value, never below a tenth of the smallest of its neighbours. */
  double at(double x, double y) {
    int i = below(xs, x);
    double first = row(i, y);
    if (xs.length == 1) {
      return first;
    }
    return between(xs[i], first, xs[i + 1], row(i + 1, y), x);
  }

  private double row(int i, double y) {
    if (ys.length == 1) {
      return values[i][0];
    }
    int j = below(ys, y);
    return between(ys[j], values[i][j], ys[j + 1], values[i][j + 1], y);
  }

  /** Part that a point has in a value between points. */
  @FunctionalInterface
  interface Part {
    void is(int i, int j, double part);
  }

  /** Which points make up the value at a place within the grid. */
  void parts(double x, double y, Part part) {
    int i = xs.length == 1 ? 0 : below(xs, x);
    int j = ys.length == 1 ? 0 : below(ys, y);
    double right = xs.length == 1 ? 0 : (x - xs[i]) / (xs[i + 1] - xs[i]);
    double up = ys.length == 1 ? 0 : (y - ys[j]) / (ys[j + 1] - ys[j]);
    for (int k = 0; k < 4; k++) {
      double share = (k % 2 == 0 ? 1 - right : right) * (k / 2 == 0 ? 1 - up : up);
      if (share != 0) {
        part.is(i + k % 2, j + k / 2, share);
      }
    }
  }

  int rows() {
    return xs.length;
  }

  int columns() {
    return ys.length;
  }

  double value(int i, int j) {
    return values[i][j];
  }

  /** The same function with other values at its points. */
  Grid with(double[][] other) {
    return new Grid(xs, ys, other);
  }

  /** The same function with more points beyond its last ones, up to the first that reaches. */
  Grid reaching(double x, int[] moreXs, double y, int[] moreYs) {
    int[] wide = longer(xs, x, moreXs);
    int[] high = longer(ys, y, moreYs);
    double[][] all = new double[wide.length][high.length];
    for (int i = 0; i < wide.length; i++) {
      for (int j = 0; j < high.length; j++) {
        all[i][j] = at(wide[i], high[j]);
      }
    }
    return new Grid(wide, high, all);
  }

  private static int[] longer(int[] points, double reach, int[] more) {
    int[] all = points;
    for (int point : more) {
      int last = all[all.length - 1];
      if (last >= reach) {
        break;
      }
      if (point > last) {
        all = Arrays.copyOf(all, all.length + 1);
        all[all.length - 1] = point;
      }
    }
    return all;
  }

  private static double between(double x0, double v0, double x1, double v1, double x) {
    double value = v0 + (v1 - v0) * (x - x0) / (x1 - x0);
    return Math.max(value, Math.min(v0, v1) / 10);
  }

  /** The point below, but never the last one. */
  private static int below(int[] points, double x) {
    int i = 0;
    while (i < points.length - 2 && points[i + 1] <= x) {
      i++;
    }
    return i;
  }

  ObjectNode json(String x, String y) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    ArrayNode first = json.putArray(x);
    for (int v : xs) {
      first.add(v);
    }
    ArrayNode second = json.putArray(y);
    for (int v : ys) {
      second.add(v);
    }
    ArrayNode rows = json.putArray("nanos");
    for (double[] row : values) {
      ArrayNode to = rows.addArray();
      for (double v : row) {
        to.add(Math.round(v));
      }
    }
    return json;
  }

  /**
   * A grid from JSON.
   *
   * @throws FormatException when it is none
   */
  static Grid read(JsonNode json, String x, String y, String source) {
    int[] xs = points(json.path(x), source + "." + x);
    int[] ys = points(json.path(y), source + "." + y);
    JsonNode rows = json.path("nanos");
    if (rows.size() != xs.length) {
      throw new FormatException(source, "nanos must have " + xs.length + " rows");
    }
    double[][] values = new double[xs.length][ys.length];
    for (int i = 0; i < xs.length; i++) {
      if (rows.path(i).size() != ys.length) {
        throw new FormatException(source, "nanos must have rows of " + ys.length);
      }
      for (int j = 0; j < ys.length; j++) {
        values[i][j] = rows.path(i).path(j).asDouble(0);
        if (!(values[i][j] > 0 && values[i][j] <= CostTable.MOST)) {
          throw new FormatException(source, "nanos must be above 0, and no more than 1e18");
        }
      }
    }
    return new Grid(xs, ys, values);
  }

  private static int[] points(JsonNode list, String source) {
    if (!list.isArray() || list.isEmpty() || list.size() > MOST) {
      throw new FormatException(source, "must list 1 to " + MOST + " points");
    }
    int[] points = new int[list.size()];
    for (int i = 0; i < points.length; i++) {
      points[i] = list.path(i).asInt(-1);
      if (points[i] < 0 || (i > 0 && points[i] <= points[i - 1])) {
        throw new FormatException(source, "must ascend from 0 or more");
      }
    }
    return points;
  }
}
