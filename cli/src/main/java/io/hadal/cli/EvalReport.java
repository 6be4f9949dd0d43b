package io.hadal.cli;

import io.hadal.train.evaluation.BitsPerByte;
import io.hadal.train.evaluation.CompletionCase;
import io.hadal.train.evaluation.CompletionScore;
import io.hadal.train.evaluation.TokenClass;
import java.io.PrintWriter;
import java.util.Locale;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Results of an evaluation, for people as they come and as JSON at the end. */
final class EvalReport {
  private final PrintWriter out;
  private final ObjectNode json = JsonNodeFactory.instance.objectNode();
  private boolean scores;

  EvalReport(PrintWriter out, String model, String split, long seed) {
    this.out = out;
    json.put("model", model).put("split", split).put("seed", seed);
  }

  ObjectNode json() {
    return json;
  }

  void bits(BitsPerByte.Result result, int files) {
    BitsPerByte.Sum total = result.total();
    out.printf(
        Locale.ROOT,
        "bits per byte of %d files, %d bytes, %d tokens%n",
        files,
        total.bytes(),
        total.tokens());
    out.printf(Locale.ROOT, "%-14s %7s %8s %12s%n", "", "share", "model", "with memory");
    ObjectNode node = json.putObject("bits_per_byte");
    node.put("files", files).put("bytes", total.bytes()).put("tokens", total.tokens());
    node.put("model", rounded(total.bits() / Math.max(1, total.bytes())));
    node.put("with_memory", rounded(total.memoryBits() / Math.max(1, total.bytes())));
    ObjectNode classes = node.putObject("classes");
    result
        .classes()
        .forEach(
            (c, s) -> {
              // The end of a file costs bits and has no bytes.
              if (c != TokenClass.END) {
                line(c.label(), s, total);
                classes
                    .putObject(c.label().replace(' ', '_'))
                    .put("bytes", s.bytes())
                    .put("model", rounded(s.bits() / s.bytes()))
                    .put("with_memory", rounded(s.memoryBits() / s.bytes()));
              }
            });
    line("all", total, total);
    out.println();
    out.flush();
  }

  private void line(String name, BitsPerByte.Sum s, BitsPerByte.Sum total) {
    double n = Math.max(1, s.bytes());
    out.printf(
        Locale.ROOT,
        "  %-12s %6.1f%% %8.4f %12.4f%n",
        name,
        100.0 * s.bytes() / Math.max(1, total.bytes()),
        s.bits() / n,
        s.memoryBits() / n);
  }

  void completions(CompletionCase.Kind kind, String memory, CompletionScore s) {
    if (!scores) {
      out.printf(
          Locale.ROOT,
          "%-8s %-12s %6s %8s %10s %10s %10s%n",
          "cases",
          "",
          "count",
          "exact",
          "prefix",
          "balanced",
          "compiles");
      scores = true;
    }
    double n = Math.max(1, s.cases());
    boolean method = kind == CompletionCase.Kind.METHOD;
    String name = kind.name().toLowerCase(Locale.ROOT);
    out.printf(
        Locale.ROOT,
        "%-8s %-12s %6d %7.1f%% %9.1f%% %9.1f%% %10s%n",
        name,
        memory,
        s.cases(),
        100 * s.exact() / n,
        100 * s.prefix(),
        100 * s.balanced() / n,
        method ? String.format(Locale.ROOT, "%.1f%%", 100 * s.compiled() / n) : "");
    out.flush();
    ObjectNode node =
        json.withObject("/completions/" + name + "/" + memory.replace(' ', '_'))
            .put("cases", s.cases())
            .put("exact", s.exact())
            .put("prefix", rounded(s.prefix()))
            .put("balanced", s.balanced());
    if (method) {
      node.put("compiled", s.compiled());
    }
  }

  private static double rounded(double v) {
    return Math.round(v * 1e4) / 1e4;
  }
}
