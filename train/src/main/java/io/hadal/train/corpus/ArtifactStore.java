package io.hadal.train.corpus;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The artifacts and poms of a corpus on disk. What is there is complete and never fetched again.
 */
final class ArtifactStore {
  private static final String INCOMING = "incoming-";

  /** No chain of parents is longer in practice. */
  private static final int MAX_PARENTS = 12;

  private final Path folder;
  private final Path work;
  private final MavenClient maven;

  ArtifactStore(Path folder, Path work, MavenClient maven) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.work = Files.createDirectories(work);
    this.maven = maven;
  }

  Path file(Coordinates coordinates) {
    return folder.resolve(coordinates.fileName());
  }

  boolean has(Coordinates coordinates) {
    return Files.isRegularFile(file(coordinates));
  }

  /** Gets what is missing; returns why the rest could not be got. */
  Map<Coordinates, String> fetch(Collection<Coordinates> wanted, Progress progress)
      throws IOException, InterruptedException {
    removeLeftovers();
    List<Coordinates> missing = wanted.stream().filter(c -> !has(c)).distinct().toList();
    Map<Coordinates, String> failures =
        new TreeMap<>((a, b) -> a.fileName().compareTo(b.fileName()));
    if (missing.isEmpty()) {
      return failures;
    }
    progress.stage("getting " + missing.size() + " artifacts", missing.size());
    Path incoming = Files.createTempDirectory(work, INCOMING);
    MavenClient.Fetched fetched = maven.fetch(missing, incoming, progress);
    failures.putAll(fetched.failures());
    for (Map.Entry<Coordinates, Path> entry : fetched.files().entrySet()) {
      AtomicFiles.publish(entry.getValue(), file(entry.getKey()));
    }
    if (failures.isEmpty()) {
      AtomicFiles.deleteTree(incoming);
    }
    return failures;
  }

  /** Gets the poms of artifacts and the parents they inherit their licence from. */
  void fetchPoms(Collection<Coordinates> artifacts, Progress progress)
      throws IOException, InterruptedException {
    Set<Coordinates> wanted = new HashSet<>();
    artifacts.forEach(c -> wanted.add(c.pom()));
    Set<Coordinates> tried = new HashSet<>();
    for (int depth = 0; depth < MAX_PARENTS && !wanted.isEmpty(); depth++) {
      fetch(
          wanted.stream().sorted((a, b) -> a.fileName().compareTo(b.fileName())).toList(),
          progress);
      tried.addAll(wanted);
      Set<Coordinates> parents = new HashSet<>();
      for (Coordinates pom : wanted) {
        if (has(pom)) {
          Pom read = read(pom);
          if (read.licences().isEmpty()
              && read.parent() != null
              && !tried.contains(read.parent())) {
            parents.add(read.parent());
          }
        }
      }
      wanted.clear();
      wanted.addAll(parents);
    }
  }

  /** What an artifact's pom or the nearest parent that says something says. */
  List<Pom.Licence> licences(Coordinates artifact) throws IOException {
    @Nullable Coordinates pom = artifact.pom();
    for (int depth = 0; depth < MAX_PARENTS && pom != null && has(pom); depth++) {
      Pom read = read(pom);
      if (!read.licences().isEmpty()) {
        return read.licences();
      }
      pom = read.parent();
    }
    return List.of();
  }

  /** A pom that cannot be read says nothing, and its artifact is refused for that. */
  private Pom read(Coordinates pom) throws IOException {
    try {
      return Pom.read(file(pom));
    } catch (FormatException e) {
      return new Pom(List.of(), null);
    }
  }

  private void removeLeftovers() throws IOException {
    List<Path> leftovers = new ArrayList<>();
    try (Stream<Path> entries = Files.list(work)) {
      entries.filter(f -> f.getFileName().toString().startsWith(INCOMING)).forEach(leftovers::add);
    }
    for (Path leftover : leftovers) {
      AtomicFiles.deleteTree(leftover);
    }
  }
}
