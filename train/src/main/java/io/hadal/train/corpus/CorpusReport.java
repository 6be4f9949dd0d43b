package io.hadal.train.corpus;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What is in a corpus and what was left out, for programs (manifest.json) and for people. */
final class CorpusReport {
  private final SourceList sources;
  private final CorpusOptions options;
  private final List<Selection.Candidates> artifacts;
  private final Map<String, String> refused;
  private final int heldOutRuns;
  private final Map<Split, Written> splits = new EnumMap<>(Split.class);
  private final Map<String, String> benchmarks = new TreeMap<>();

  private static final class Written {
    private final Tally all = new Tally();
    private final Map<Language, Tally> languages = new EnumMap<>(Language.class);
    private final List<ObjectNode> files = new ArrayList<>();
  }

  CorpusReport(
      SourceList sources,
      CorpusOptions options,
      List<Selection.Candidates> artifacts,
      Map<String, String> refused,
      int heldOutRuns) {
    this.sources = sources;
    this.options = options;
    this.artifacts = artifacts;
    this.refused = refused;
    this.heldOutRuns = heldOutRuns;
    for (Split split : Split.values()) {
      splits.put(split, new Written());
    }
  }

  void benchmark(String name, String sha256) {
    benchmarks.put(name, sha256);
  }

  void written(Split split, Document document) {
    Written written = written(split);
    int bytes = document.utf8Length();
    written.all.document(bytes);
    written.languages.computeIfAbsent(document.language(), _ -> new Tally()).document(bytes);
  }

  void file(Split split, String name, long size, String sha256) {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    written(split).files.add(node.put("name", name).put("size", size).put("sha256", sha256));
  }

  private Written written(Split split) {
    return splits.computeIfAbsent(split, _ -> new Written());
  }

  private Tally total() {
    Tally total = new Tally();
    artifacts.forEach(a -> total.add(a.tally));
    return total;
  }

  byte[] manifest() {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("format", Corpus.FORMAT);
    root.put("sources", sources.name());
    ObjectNode settings = root.putObject("options");
    settings.put("filter_version", TextFilter.VERSION);
    settings.put("max_file_bytes", options.maxFileBytes());
    settings.put("duplicate_threshold", options.duplicateThreshold());
    settings.put("infile_share", options.infileShare());
    settings.put("seed", options.seed());
    settings.put("held_out_words", HeldOutGrams.WORDS);
    ObjectNode evals = root.putObject("benchmarks");
    benchmarks.forEach(evals::put);
    root.put("held_out_runs", heldOutRuns);
    ObjectNode parts = root.putObject("splits");
    splits.forEach(
        (split, written) -> {
          ObjectNode part = parts.putObject(split.folder());
          part.put("documents", written.all.documents()).put("bytes", written.all.bytes());
          ObjectNode languages = part.putObject("languages");
          written.languages.forEach(
              (language, tally) ->
                  languages
                      .putObject(language.label())
                      .put("documents", tally.documents())
                      .put("bytes", tally.bytes()));
          ArrayNode files = part.putArray("files");
          written.files.forEach(files::add);
        });
    root.set("total", total().toJson());
    ArrayNode list = root.putArray("artifacts");
    for (Selection.Candidates artifact : artifacts) {
      ObjectNode node = list.addObject();
      node.put("coordinates", artifact.source.coordinates().toString());
      node.put("project", artifact.source.project());
      node.put("split", artifact.source.split().folder());
      node.put("licence", artifact.licence);
      node.put("sha256", artifact.extraction.sha256());
      node.setAll(artifact.tally.toJson());
    }
    ObjectNode out = root.putObject("left_out");
    refused.forEach(out::put);
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
  }

  String text() {
    StringBuilder out = new StringBuilder();
    Tally total = total();
    line(out, "%d artifacts, %d left out", artifacts.size(), refused.size());
    line(out, "%d source files, %d kept: %s", total.files(), total.documents(), megabytes(total));
    out.append('\n');
    splits.forEach(
        (split, written) -> {
          line(
              out,
              "%-8s %7d files  %10s",
              split.folder(),
              written.all.documents(),
              megabytes(written.all));
          if (written.languages.size() > 1) {
            written.languages.forEach(
                (language, tally) ->
                    line(
                        out,
                        "  %-12s %d files, %s",
                        language.label(),
                        tally.documents(),
                        megabytes(tally)));
          }
        });
    out.append('\n');
    out.append("files left out\n");
    for (Rejection reason : Rejection.values()) {
      if (total.rejected(reason) > 0) {
        line(out, "  %7d  %s", total.rejected(reason), reason.meaning());
      }
    }
    out.append('\n');
    out.append("projects (kept of all files)\n");
    Map<String, Tally> projects = new TreeMap<>();
    Map<String, Tally> licences = new TreeMap<>();
    for (Selection.Candidates artifact : artifacts) {
      String project = artifact.source.split().folder() + " " + artifact.source.project();
      projects.computeIfAbsent(project, _ -> new Tally()).add(artifact.tally);
      licences.computeIfAbsent(artifact.licence, _ -> new Tally()).add(artifact.tally);
    }
    projects.forEach(
        (project, tally) ->
            line(
                out,
                "  %-32s %6d of %6d  %10s",
                project,
                tally.documents(),
                tally.files(),
                megabytes(tally)));
    out.append('\n');
    out.append("licences\n");
    licences.forEach(
        (licence, tally) ->
            line(out, "  %-32s %6d files  %s", licence, tally.documents(), megabytes(tally)));
    if (!refused.isEmpty()) {
      out.append('\n');
      out.append("artifacts left out\n");
      refused.forEach((coordinates, reason) -> line(out, "  %s: %s", coordinates, reason));
    }
    return out.toString();
  }

  private static void line(StringBuilder out, String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private static String megabytes(Tally tally) {
    return String.format(Locale.ROOT, "%.1f MB", tally.bytes() / 1e6);
  }
}
