package io.hadal.cli;

import io.hadal.model.MemoryPlan;
import io.hadal.model.engram.EngramCounters;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Benchmark results with the conditions they were made under.
 *
 * @param warm whether kernels were compiled, weights packed, and every test ran once before it was
 *     measured
 * @param engramCacheBytes memory for rows of n-gram tables on disk; 0 when they are mapped
 */
record BenchReport(
    String model,
    String family,
    long modelBytes,
    long parameters,
    String kernels,
    int threads,
    String mode,
    boolean warm,
    long engramCacheBytes,
    List<BenchResult> results) {

  BenchReport {
    results = List.copyOf(results);
  }

  private String state() {
    return warm ? "warm" : "cold";
  }

  void table(PrintWriter out) {
    List<List<String>> rows =
        results.stream()
            .map(
                r ->
                    List.of(
                        r.name(),
                        r.speed(),
                        String.format(Locale.ROOT, "%.3f", r.millisPerToken()),
                        MemoryPlan.size(r.sessionBytes())))
            .toList();
    out.println(
        "model "
            + model
            + " ("
            + family
            + "), "
            + MemoryPlan.size(modelBytes)
            + ", "
            + ParameterCount.readable(parameters)
            + " parameters");
    out.println("kernels " + kernels + ", threads " + threads + ", mode " + mode + ", " + state());
    out.println();
    out.println(row("test", "tok/s", "ms/token", "kv per session"));
    out.println(row("-".repeat(20), "-".repeat(20), "-".repeat(10), "-".repeat(14)));
    rows.forEach(r -> out.println(row(r.get(0), r.get(1), r.get(2), r.get(3))));
    if (results.stream().anyMatch(r -> !r.engram().isEmpty())) {
      engram(out);
    }
  }

  /** N-gram lookups of an average repetition. */
  private void engram(PrintWriter out) {
    String form = "| %-20s | %10s | %10s | %10s | %10s | %12s |";
    String line = "-".repeat(10);
    out.println();
    out.println(
        engramCacheBytes > 0
            ? "Engram tables on disk, cache " + MemoryPlan.size(engramCacheBytes)
            : "Engram tables mapped");
    out.println();
    out.println(
        form.formatted("per run", "rows asked", "from cache", "from disk", "read", "waited"));
    out.println(form.formatted("-".repeat(20), line, line, line, line, "-".repeat(12)));
    for (BenchResult r : results) {
      EngramCounters e = r.lookups();
      boolean disk = engramCacheBytes > 0;
      out.println(
          String.format(
              Locale.ROOT,
              form,
              r.name(),
              e.rows(),
              disk ? e.hits() : "-",
              disk ? e.misses() : "-",
              disk ? MemoryPlan.size(e.bytesRead()) : "-",
              disk ? String.format(Locale.ROOT, "%.2f ms", e.waitNanos() / 1e6) : "-"));
    }
  }

  private static String row(String test, String speed, String millis, String bytes) {
    return String.format(Locale.ROOT, "| %-20s | %20s | %10s | %14s |", test, speed, millis, bytes);
  }

  void csv(PrintWriter out) {
    out.println(
        "model,family,model_bytes,parameters,kernels,threads,mode,state,test,n_prompt,n_gen,depth,"
            + "repetitions,tokens_per_second,stddev,ms_per_token,kv_bytes,"
            + "engram_cache_bytes,engram_rows,engram_hits,engram_misses,engram_bytes_read,engram_wait_ms,sessions");
    for (BenchResult r : results) {
      boolean looked = !r.engram().isEmpty();
      EngramCounters e = r.lookups();
      out.println(
          List.of(
                  quoted(model),
                  quoted(family),
                  modelBytes,
                  parameters,
                  quoted(kernels),
                  threads,
                  mode,
                  state(),
                  quoted(r.name()),
                  r.prompt() ? r.tokens() : 0,
                  r.prompt() ? 0 : r.tokens(),
                  r.depth(),
                  r.nanos().size(),
                  String.format(Locale.ROOT, "%.4f", r.mean()),
                  String.format(Locale.ROOT, "%.4f", r.deviation()),
                  String.format(Locale.ROOT, "%.4f", r.millisPerToken()),
                  r.sessionBytes(),
                  looked ? engramCacheBytes : "",
                  looked ? e.rows() : "",
                  looked ? e.hits() : "",
                  looked ? e.misses() : "",
                  looked ? e.bytesRead() : "",
                  looked ? String.format(Locale.ROOT, "%.4f", e.waitNanos() / 1e6) : "",
                  r.sessions())
              .stream()
              .map(String::valueOf)
              .collect(Collectors.joining(",")));
    }
  }

  private static String quoted(String text) {
    return '"' + text.replace("\"", "\"\"") + '"';
  }

  ObjectNode json() {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("model", model)
        .put("family", family)
        .put("model_bytes", modelBytes)
        .put("parameters", parameters)
        .put("kernels", kernels)
        .put("threads", threads)
        .put("mode", mode)
        .put("warm", warm)
        .put("engram_cache_bytes", engramCacheBytes);
    ArrayNode list = root.putArray("results");
    for (BenchResult r : results) {
      ObjectNode node = list.addObject();
      node.put("test", r.name())
          .put("n_prompt", r.prompt() ? r.tokens() : 0)
          .put("n_gen", r.prompt() ? 0 : r.tokens())
          .put("sessions", r.sessions())
          .put("depth", r.depth())
          .put("tokens_per_second", r.mean())
          .put("stddev", r.deviation())
          .put("ms_per_token", r.millisPerToken())
          .put("kv_bytes", r.sessionBytes());
      ArrayNode samples = node.putArray("samples");
      r.speeds().forEach(samples::add);
      if (!r.engram().isEmpty()) {
        ArrayNode lookups = node.putArray("engram");
        for (EngramCounters e : r.engram()) {
          lookups
              .addObject()
              .put("requests", e.requests())
              .put("rows", e.rows())
              .put("hits", e.hits())
              .put("misses", e.misses())
              .put("bytes_read", e.bytesRead())
              .put("wait_ms", e.waitNanos() / 1e6);
        }
      }
    }
    return root;
  }
}
