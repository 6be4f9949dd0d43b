package io.hadal.train.corpus;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A small repository of source jars, and a stand-in for Maven that copies from it: a shell script
 * which reads the generated project, as Maven does, and writes a line per call to {@code calls}.
 */
final class BuildFixture {
  static final String MIT = "<licenses><license><name>MIT License</name></license></licenses>";

  private static final String SCRIPT =
      """
      #!/bin/sh
      repository=%s
      for argument; do
        case $argument in
          */pom.xml) root=${argument%%/pom.xml} ;;
          -o) offline=offline ;;
        esac
      done
      for module in "$root"/artifact*; do
        # The artifact's own elements come last; no further process is started for them.
        while IFS='<>' read -r indent tag text rest; do
          case $tag in
            artifactId) artifact=$text ;;
            version) version=$text ;;
            classifier) classifier=$text ;;
            type) type=$text ;;
          esac
        done <"$module/pom.xml"
        # An empty element reads as its own end.
        case $classifier in /*) classifier= ;; esac
        name=$artifact-$version${classifier:+-$classifier}.$type
        echo "[INFO] Building ${module##*/} 1 [1/2]"
        echo "$name $offline" >>"$repository/calls"
        if [ -f "$repository/$name" ]; then
          mkdir -p "$module/target/dependency"
          cp "$repository/$name" "$module/target/dependency/artifact"
        else
          echo "[ERROR] Failed to execute goal copy on project ${module##*/}: no $name -> [Help 1]"
          failed=1
        fi
      done
      exit ${failed:-0}
      """;

  final Path repository;
  final Path maven;
  private final List<String> lines = new ArrayList<>();

  BuildFixture(Path folder) throws IOException {
    repository = Files.createDirectories(folder.resolve("repository"));
    maven = Files.writeString(folder.resolve("mvn"), SCRIPT.formatted(repository));
    Files.setPosixFilePermissions(maven, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Adds an artifact {@code g:name:1} with a pom and a source jar to the repository and list. */
  BuildFixture artifact(
      String split, String project, String name, String pom, Map<String, String> files)
      throws IOException {
    lines.add(split + " " + project + " g:" + name + ":1");
    pom(name, pom);
    jar(repository.resolve(name + "-1-sources.jar"), files);
    return this;
  }

  BuildFixture pom(String name, String content) throws IOException {
    Files.writeString(repository.resolve(name + "-1.pom"), "<project>" + content + "</project>");
    return this;
  }

  BuildFixture line(String line) {
    lines.add(line);
    return this;
  }

  static void jar(Path file, Map<String, String> files) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (Map.Entry<String, String> entry : new TreeMap<>(files).entrySet()) {
        ZipEntry header = new ZipEntry(entry.getKey());
        header.setTime(0);
        zip.putNextEntry(header);
        zip.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  SourceList sources() {
    return SourceList.parse(String.join("\n", lines), "list");
  }

  CorpusOptions options() {
    return options(null);
  }

  CorpusOptions options(@Nullable Path benchmarks) {
    return new CorpusOptions(10_000, 0.8, 0.1, 1, benchmarks, maven.toString(), false, 2);
  }

  /** Lines of what the stand-in was asked for. */
  List<String> calls() throws IOException {
    Path calls = repository.resolve("calls");
    return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
  }

  /** A class with methods of random names; {@code seed} decides about all of it. */
  static String javaClass(String name, long seed, String... imports) {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder text = new StringBuilder("package p;\n\n");
    for (String line : imports) {
      text.append("import ").append(line).append(";\n");
    }
    text.append("public class ").append(name).append(" {\n");
    for (int i = 0; i < 12; i++) {
      text.append("  int ").append(word(random)).append("(int ").append(word(random));
      text.append(") {\n    return ").append(word(random)).append('(').append(word(random));
      text.append(" + ").append(random.nextInt(1000)).append(");\n  }\n\n");
    }
    return text.append("}\n").toString();
  }

  private static String word(SplittableRandom random) {
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < 3; i++) {
      word.append((char) random.nextInt('a', 'z' + 1)).append("aeiou".charAt(random.nextInt(5)));
    }
    return word.toString();
  }

  /** What a build is for: manifest, report and splits with their content. */
  static Map<String, String> result(Path corpus) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(corpus)) {
      all.filter(Files::isRegularFile)
          .filter(f -> !f.startsWith(corpus.resolve("work")))
          .filter(f -> !f.startsWith(corpus.resolve("artifacts")))
          .forEach(
              f -> {
                try {
                  files.put(
                      corpus.relativize(f).toString(),
                      new String(Files.readAllBytes(f), StandardCharsets.ISO_8859_1));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
    return files;
  }

  /** Documents of a split. */
  static List<Document> documents(Path corpus, Split split) throws IOException {
    List<Document> documents = new ArrayList<>();
    for (Path file : Corpus.open(corpus).part(split).files()) {
      try (DocumentReader reader = Corpus.read(file)) {
        reader.forEachRemaining(documents::add);
      }
    }
    return documents;
  }
}
