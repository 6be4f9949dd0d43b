package io.hadal.train.corpus;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes a corpus from a list of Maven artifacts: gets them, checks their licences, extracts and
 * cleans the source files, removes duplicates and what would contaminate an evaluation, and writes
 * the splits in import order.
 *
 * <p>The folder holds {@code manifest.json}, {@code report.txt}, the splits, {@code artifacts} (as
 * fetched) and {@code work} (extracted files). Everything in it is complete or absent; a build that
 * was killed goes on where it stopped, artifact by artifact. Equal inputs give equal bytes.
 */
public final class CorpusBuilder {
  private final SourceList sources;
  private final CorpusOptions options;
  private final Path folder;
  private final Path work;
  private final Progress progress;
  private final Map<String, String> refused = new TreeMap<>();

  private CorpusBuilder(SourceList sources, CorpusOptions options, Path folder, Progress progress) {
    this.sources = sources;
    this.options = options;
    this.folder = folder;
    this.work = folder.resolve("work");
    this.progress = progress;
  }

  /**
   * Makes or completes a corpus.
   *
   * @param folder where it lies; made when absent
   * @return the report, also in {@code report.txt}
   * @throws FormatException when another build uses the folder, or no artifact is left
   */
  public static String build(
      SourceList sources, CorpusOptions options, Path folder, Progress progress)
      throws IOException, InterruptedException {
    CorpusBuilder builder = new CorpusBuilder(sources, options, folder, progress);
    Files.createDirectories(builder.work);
    Path lockFile = builder.work.resolve("lock");
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = tryLock(channel)) {
      if (lock == null) {
        throw new FormatException(folder.toString(), "is in use by another build; wait for it");
      }
      return builder.run();
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private String run() throws IOException, InterruptedException {
    List<Path> benchmarks =
        options.benchmarks() == null ? List.of() : Benchmarks.files(options.benchmarks());
    ArtifactStore store =
        new ArtifactStore(
            folder.resolve("artifacts"), work, new MavenClient(options.maven(), options.offline()));
    List<SourceList.Source> ordered =
        sources.sources().stream().sorted(Comparator.comparing(s -> rank(s.split()))).toList();
    List<Coordinates> wanted = ordered.stream().map(SourceList.Source::coordinates).toList();
    store
        .fetch(wanted, progress)
        .forEach((coordinates, reason) -> refuse(coordinates, "not available: " + reason));
    store.fetchPoms(wanted.stream().filter(store::has).toList(), progress);
    try (OrderedPool pool = new OrderedPool(options.threads())) {
      List<Selection.Candidates> candidates = extract(ordered, store, pool);
      if (candidates.isEmpty()) {
        throw new FormatException(sources.name(), "gives no usable artifact: " + firstRefusal());
      }
      Selection selection = new Selection(options.duplicateThreshold(), pool, progress);
      selection.run(candidates, benchmarks);
      CorpusReport report =
          new CorpusReport(sources, options, candidates, refused, selection.heldOutRuns());
      for (Path file : benchmarks) {
        report.benchmark(file.getFileName().toString(), Extraction.sha256(file));
      }
      write(candidates, report);
      AtomicFiles.write(
          folder.resolve("report.txt"), report.text().getBytes(StandardCharsets.UTF_8));
      AtomicFiles.write(folder.resolve(Corpus.MANIFEST), report.manifest());
      return report.text();
    }
  }

  /** Held-out text comes first, so that training text gives way to it. */
  private static int rank(Split split) {
    return switch (split) {
      case TEST -> 0;
      case VALID -> 1;
      case TRAIN, INFILE -> 2;
    };
  }

  private String firstRefusal() {
    return refused.entrySet().stream()
        .findFirst()
        .map(e -> e.getKey() + " " + e.getValue())
        .orElse("the list is empty");
  }

  private void refuse(Coordinates coordinates, String reason) {
    refused.put(coordinates.toString(), reason);
    progress.note(coordinates + " left out: " + reason);
  }

  private record Licensed(SourceList.Source source, String licence) {}

  private List<Selection.Candidates> extract(
      List<SourceList.Source> ordered, ArtifactStore store, OrderedPool pool)
      throws IOException, InterruptedException {
    List<Licensed> licensed = new ArrayList<>();
    for (SourceList.Source source : ordered) {
      if (store.has(source.coordinates())) {
        String licence = licence(source.coordinates(), store);
        if (licence != null) {
          licensed.add(new Licensed(source, licence));
        }
      }
    }
    Path extracted = Files.createDirectories(work.resolve("extracted"));
    progress.stage("extracting files", licensed.size());
    List<Selection.Candidates> candidates = new ArrayList<>();
    pool.map(
        licensed.iterator(),
        item -> {
          Path jar = store.file(item.source.coordinates());
          try {
            return new Extracted(
                item,
                Extraction.of(jar, item.source, item.licence, options.maxFileBytes(), extracted),
                null);
          } catch (IOException | FormatException e) {
            return new Extracted(item, null, e.getMessage());
          }
        },
        result -> {
          progress.advance(1);
          if (result.extraction == null) {
            refuse(result.item.source.coordinates(), "not readable: " + result.failure);
          } else {
            candidates.add(
                new Selection.Candidates(
                    result.item.source, result.item.licence, result.extraction));
          }
        });
    return candidates;
  }

  private record Extracted(
      Licensed item, @Nullable Extraction extraction, @Nullable String failure) {}

  /** The licences to use an artifact under; several in a pom are a choice (Maven's reference). */
  private @Nullable String licence(Coordinates coordinates, ArtifactStore store)
      throws IOException {
    List<Pom.Licence> stated = store.licences(coordinates);
    Set<String> allowed = new LinkedHashSet<>();
    for (Pom.Licence licence : stated) {
      String spdx = Licences.allowed(licence.name(), licence.url());
      if (spdx != null) {
        allowed.add(spdx);
      }
    }
    if (!allowed.isEmpty()) {
      return String.join(" OR ", allowed);
    }
    refuse(
        coordinates,
        stated.isEmpty()
            ? "its pom and their parents name no licence"
            : "licence not on the allow-list: "
                + stated.stream().map(Pom.Licence::toString).collect(Collectors.joining(", ")));
    return null;
  }

  private void write(List<Selection.Candidates> candidates, CorpusReport report)
      throws IOException {
    Files.deleteIfExists(folder.resolve(Corpus.MANIFEST));
    long total = candidates.stream().mapToLong(c -> c.tally.bytes()).sum();
    progress.stage("writing splits", total);
    Map<Split, Path> temporary = new TreeMap<>();
    for (Split split : Split.values()) {
      Path target = work.resolve("writing-" + split.folder());
      AtomicFiles.deleteTree(target);
      temporary.put(split, Files.createDirectories(target));
    }
    Map<String, List<Selection.Candidates>> projects = new TreeMap<>();
    candidates.forEach(
        c -> projects.computeIfAbsent(c.source.project(), _ -> new ArrayList<>()).add(c));
    for (Map.Entry<String, List<Selection.Candidates>> project : projects.entrySet()) {
      writeProject(project.getKey(), project.getValue(), temporary, report);
    }
    for (Map.Entry<Split, Path> entry : temporary.entrySet()) {
      AtomicFiles.publishFolder(entry.getValue(), folder.resolve(entry.getKey().folder()));
    }
  }

  private void writeProject(
      String project,
      List<Selection.Candidates> artifacts,
      Map<Split, Path> folders,
      CorpusReport report)
      throws IOException {
    Map<Split, List<Document>> documents = new TreeMap<>();
    for (Selection.Candidates artifact : artifacts) {
      int index = 0;
      try (DocumentReader reader = Corpus.read(artifact.extraction.documents())) {
        while (reader.hasNext()) {
          Document document = reader.next();
          if (artifact.kept.get(index++)) {
            documents
                .computeIfAbsent(split(artifact.source, document), _ -> new ArrayList<>())
                .add(document);
          }
        }
      }
    }
    for (Map.Entry<Split, List<Document>> entry : documents.entrySet()) {
      Split split = entry.getKey();
      Path target = folders.getOrDefault(split, folder);
      Path file = target.resolve(project + ".jsonl");
      try (BufferedWriter out = Files.newBufferedWriter(file)) {
        for (Document document : ImportOrder.sort(entry.getValue())) {
          out.write(document.toJson());
          out.write('\n');
          report.written(split, document);
          progress.advance(document.utf8Length());
        }
      }
      report.file(split, file.getFileName().toString(), Files.size(file), Extraction.sha256(file));
    }
  }

  private Split split(SourceList.Source source, Document document) {
    return source.split() == Split.TRAIN && document.sample(options.seed()) < options.infileShare()
        ? Split.INFILE
        : source.split();
  }
}
