package io.hadal.cli.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Layers named on a command line, such as {@code 0,3-5}. */
public final class LayerFilter {
  private static final Pattern PART = Pattern.compile("(\\d{1,6})(?:-(\\d{1,6}))?");

  private LayerFilter() {}

  /**
   * The named layers, ascending.
   *
   * @param layers layers of the model
   * @throws IllegalArgumentException saying what is wrong
   */
  public static List<Integer> parse(String text, int layers) {
    TreeSet<Integer> chosen = new TreeSet<>();
    for (String part : text.split(",", -1)) {
      Matcher m = PART.matcher(part.strip());
      if (!m.matches()) {
        throw new IllegalArgumentException(
            "'" + text + "' is no list of layers; write it like 0,3-5");
      }
      int from = Integer.parseInt(m.group(1));
      int to = m.group(2) == null ? from : Integer.parseInt(m.group(2));
      if (to < from || to >= layers) {
        throw new IllegalArgumentException(
            "'" + part.strip() + "' is outside the model's layers 0-" + (layers - 1));
      }
      for (int layer = from; layer <= to; layer++) {
        chosen.add(layer);
      }
    }
    return new ArrayList<>(chosen);
  }
}
