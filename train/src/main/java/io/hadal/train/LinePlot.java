package io.hadal.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A plot of series over the training tokens, as SVG. */
final class LinePlot {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 240;
  private static final int LEFT = 64;
  private static final int BOTTOM = 28;
  private static final int TOP = 10;
  private static final int MOST_POINTS = 600;
  private static final int TICKS = 4;

  private final String title;
  private final Map<String, List<double[]>> series = new LinkedHashMap<>();

  LinePlot(String title) {
    this.title = title;
  }

  void add(String name, double tokens, double value) {
    if (Double.isFinite(value)) {
      series.computeIfAbsent(name, n -> new ArrayList<>()).add(new double[] {tokens, value});
    }
  }

  /** Means of neighbours, so that a long run gives no larger page. */
  private static List<double[]> thinned(List<double[]> points) {
    int group = (points.size() + MOST_POINTS - 1) / MOST_POINTS;
    List<double[]> out = new ArrayList<>();
    for (int from = 0; from < points.size(); from += group) {
      int end = Math.min(points.size(), from + group);
      double x = 0;
      double y = 0;
      for (double[] p : points.subList(from, end)) {
        x += p[0];
        y += p[1];
      }
      out.add(new double[] {x / (end - from), y / (end - from)});
    }
    return out;
  }

  /** The plot with its title and legend; nothing without a point. */
  String html() {
    double right = 0;
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    Map<String, List<double[]>> lines = new LinkedHashMap<>();
    for (Map.Entry<String, List<double[]>> e : series.entrySet()) {
      List<double[]> points = thinned(e.getValue());
      lines.put(e.getKey(), points);
      for (double[] p : points) {
        right = Math.max(right, p[0]);
        low = Math.min(low, p[1]);
        high = Math.max(high, p[1]);
      }
    }
    if (lines.isEmpty()) {
      return "";
    }
    if (high == low) {
      high += Math.max(1e-9, Math.abs(high) / 10);
    }
    StringBuilder out = new StringBuilder("<figure><figcaption>");
    out.append(escaped(title)).append("</figcaption><svg viewBox=\"0 0 ");
    out.append(WIDTH).append(' ').append(HEIGHT).append("\" role=\"img\">");
    for (int i = 0; i <= TICKS; i++) {
      double v = low + (high - low) * i / TICKS;
      double y = y(v, low, high);
      out.append(f("<path class=\"g\" d=\"M%d %.1fH%d\"/>", LEFT, y, WIDTH));
      out.append(f("<text x=\"%d\" y=\"%.1f\" class=\"y\">%.4g</text>", LEFT - 6, y + 4, v));
      double t = right * i / TICKS;
      String anchor = i == TICKS ? " class=\"y\"" : "";
      double x = x(t, right);
      out.append(f("<text x=\"%.1f\" y=\"%d\"%s>%.3g M</text>", x, HEIGHT - 8, anchor, t / 1e6));
    }
    int number = 0;
    for (List<double[]> points : lines.values()) {
      StringBuilder path = new StringBuilder();
      for (double[] p : points) {
        path.append(path.isEmpty() ? 'M' : 'L');
        path.append(f("%.1f %.1f", x(p[0], right), y(p[1], low, high)));
      }
      if (points.size() == 1) {
        path.append("h3");
      }
      out.append(f("<path class=\"l\" style=\"stroke:%s\" d=\"%s\"/>", colour(number++), path));
    }
    out.append("</svg><p>");
    number = 0;
    for (Map.Entry<String, List<double[]>> e : lines.entrySet()) {
      out.append(f("<span style=\"color:%s\">\u2014</span> ", colour(number++)));
      out.append(escaped(e.getKey()));
      out.append(f(" %.5g \u2003", e.getValue().getLast()[1]));
    }
    return out.append("</p></figure>\n").toString();
  }

  private static double x(double tokens, double right) {
    return LEFT + (WIDTH - LEFT - 4) * (right == 0 ? 0 : tokens / right);
  }

  private static double y(double v, double low, double high) {
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (v - low) / (high - low);
  }

  private static String colour(int number) {
    // Steps of the golden angle keep neighbours apart.
    return "hsl(" + (210 + number * 137) % 360 + " 65% 45%)";
  }

  private static String f(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
