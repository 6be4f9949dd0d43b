package io.hadal.cli.explain;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A table with a row for every token and layer; long cells go on in the next line. */
public final class TraceTable implements TraceWriter {
  private static final int TOKEN = 16;
  private static final int EXPERTS = 24;
  private static final int ATTENDED = 28;
  private static final int ENGRAM = 20;

  private final PrintWriter out;
  private final TraceHeader header;

  public TraceTable(PrintWriter out, TraceHeader header) {
    this.out = out;
    this.header = header;
    out.println(
        header.source()
            + ": "
            + header.shown()
            + " of "
            + header.tokens()
            + " tokens, model "
            + header.model()
            + " ("
            + header.config().family()
            + "), mode "
            + header.mode());
    StringBuilder kinds = new StringBuilder("layers:");
    for (int layer : header.layers()) {
      kinds
          .append(kinds.length() > 7 ? ", " : " ")
          .append(layer)
          .append(' ')
          .append(header.layer(layer).kind())
          .append(header.layer(layer).hashRouted() ? " hash-routed" : "")
          .append(header.hasEngram(layer) ? " engram" : "");
    }
    wrap(kinds.toString(), 100).forEach(out::println);
    out.println("experts: number:weight; attended: window tokens, then compressed entries");
    if (header.showsEngram()) {
      out.println("engram: gate of every residual stream");
    }
    out.println();
    row("#", "token", "layer", "experts", "attended", header.showsEngram() ? "engram" : "");
    String line = "-".repeat(ATTENDED);
    row(
        line.substring(0, 5),
        line.substring(0, TOKEN),
        line.substring(0, 5),
        line.substring(0, EXPERTS),
        line,
        header.showsEngram() ? line.substring(0, ENGRAM) : "");
  }

  @Override
  public void token(TokenTrace token) {
    TokenText text = token.text();
    List<String> name =
        chop(text == null ? "<" + token.id() + ">" : '"' + text.line() + '"', TOKEN);
    List<List<String>> rows = new ArrayList<>();
    for (LayerTrace layer : token.layers()) {
      List<String> experts = wrap(experts(layer), EXPERTS);
      List<String> attended = wrap(attended(layer, token.position()), ATTENDED);
      List<String> engram = wrap(engram(layer), ENGRAM);
      int lines = Math.max(experts.size(), Math.max(attended.size(), engram.size()));
      for (int i = 0; i < lines; i++) {
        rows.add(
            List.of(
                i == 0 ? Integer.toString(layer.layer()) : "",
                cell(experts, i),
                cell(attended, i),
                cell(engram, i)));
      }
    }
    for (int i = 0; i < Math.max(rows.size(), name.size()); i++) {
      List<String> cells = i < rows.size() ? rows.get(i) : List.of("", "", "", "");
      row(
          i == 0 ? Integer.toString(token.position()) : "",
          cell(name, i),
          cells.get(0),
          cells.get(1),
          cells.get(2),
          cells.get(3));
    }
  }

  @Override
  public void end() {
    out.flush();
  }

  private static String experts(LayerTrace layer) {
    StringBuilder cell = new StringBuilder();
    for (int i = 0; i < layer.experts().length; i++) {
      cell.append(
          String.format(
              Locale.ROOT, "%s%d:%.2f", i == 0 ? "" : " ", layer.experts()[i], layer.weights()[i]));
    }
    return cell.toString();
  }

  private String attended(LayerTrace layer, int position) {
    String window = "win " + header.window(position);
    if (header.layer(layer.layer()).ratio() == 0) {
      return window;
    }
    int[] entries = layer.entries();
    if (entries == null) {
      return window + "; all " + layer.visible();
    }
    String list = EntryRanges.of(entries, " ");
    return window
        + "; "
        + entries.length
        + " of "
        + layer.visible()
        + (list.isEmpty() ? "" : ": " + list);
  }

  private static String engram(LayerTrace layer) {
    StringBuilder cell = new StringBuilder();
    for (float gate : layer.gates() == null ? new float[0] : layer.gates()) {
      cell.append(String.format(Locale.ROOT, "%s%.2f", cell.isEmpty() ? "" : " ", gate));
    }
    return cell.toString();
  }

  private static String cell(List<String> lines, int i) {
    return i < lines.size() ? lines.get(i) : "";
  }

  private void row(
      String position, String token, String layer, String experts, String attended, String engram) {
    String form = "%5s  %-" + TOKEN + "s  %5s  %-" + EXPERTS + "s  %-" + ATTENDED + "s  %s";
    out.println(
        String.format(Locale.ROOT, form, position, token, layer, experts, attended, engram)
            .stripTrailing());
  }

  /** Lines of at most {@code width} chars, broken at blanks. */
  private static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  /** Lines of {@code width} characters. */
  private static List<String> chop(String text, int width) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < text.length(); ) {
      int end =
          text.codePointCount(i, text.length()) <= width
              ? text.length()
              : text.offsetByCodePoints(i, width);
      lines.add(text.substring(i, end));
      i = end;
    }
    return lines;
  }
}
