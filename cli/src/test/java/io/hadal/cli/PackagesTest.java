package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How the packages of each module hang together, by their sources. */
class PackagesTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");
  private static final Pattern NAME = Pattern.compile("\\b(io\\.hadal(?:\\.[a-z]\\w*)+)\\.[A-Z]");
  private static final Pattern PUBLIC =
      Pattern.compile(
          "(?m)^public (?:abstract |final |sealed |non-sealed )*"
              + "(?:class|record|interface|enum|@interface) ");

  /**
   * Classes through which an exported package hands out what lies in packages that are not
   * exported, and that use it. Their uses do not count. Entries go; none is to be added.
   */
  private static final Set<String> EXCEPTIONS =
      Set.of(
          "io.hadal.kernels.BackgroundThread",
          "io.hadal.kernels.KernelProvider",
          "io.hadal.kernels.MatrixPages",
          "io.hadal.kernels.NativeStatus",
          "io.hadal.kernels.PackedMatrix",
          "io.hadal.kernels.PackedMemory");

  /** A class with the packages that it names. */
  private record Source(String name, String in, Set<String> uses) {}

  @Test
  void noPackagesUseEachOtherInACircle() throws IOException {
    Map<String, Set<String>> circles = new TreeMap<>();
    Set<String> needed = new TreeSet<>();
    int modules = 0;
    for (Path module : modules()) {
      List<Source> sources = sources(module);
      modules++;
      Set<String> left =
          circle(sources.stream().filter(s -> !EXCEPTIONS.contains(s.name())).toList());
      if (!left.isEmpty()) {
        circles.put(module.getFileName().toString(), left);
      }
      Set<String> all = circle(sources);
      sources.stream()
          .filter(s -> EXCEPTIONS.contains(s.name()))
          .filter(s -> s.uses().stream().anyMatch(p -> !p.equals(s.in()) && all.contains(p)))
          .forEach(s -> needed.add(s.name()));
    }
    assertThat(modules).isGreaterThan(10);
    assertThat(circles).isEmpty();
    assertThat(needed).as("exceptions that are still needed").isEqualTo(new TreeSet<>(EXCEPTIONS));
  }

  /** Where users of the library begin to read. */
  @Test
  void thePackageOfTheEngineHasFewPublicTypes() throws IOException {
    Set<String> types = new TreeSet<>();
    try (Stream<Path> files = Files.list(ROOT.resolve("engine/src/main/java/io/hadal/engine"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        if (PUBLIC.matcher(Files.readString(file)).find()) {
          types.add(file.getFileName().toString());
        }
      }
    }
    assertThat(types).contains("Engine.java", "Session.java").hasSizeLessThanOrEqualTo(15);
  }

  private static List<Path> modules() throws IOException {
    try (Stream<Path> folders = Files.list(ROOT)) {
      return folders
          .filter(folder -> Files.isRegularFile(folder.resolve("pom.xml")))
          .filter(folder -> Files.isDirectory(folder.resolve("src/main/java")))
          .toList();
    }
  }

  private static List<Source> sources(Path module) throws IOException {
    Path root = module.resolve("src/main/java");
    try (Stream<Path> files = Files.walk(root)) {
      List<Path> all =
          files
              .filter(f -> f.toString().endsWith(".java"))
              .filter(f -> !f.endsWith("module-info.java") && !f.endsWith("package-info.java"))
              .toList();
      Set<String> own =
          all.stream()
              .map(f -> root.relativize(f.getParent()).toString().replace('/', '.'))
              .collect(Collectors.toSet());
      List<Source> sources = new ArrayList<>();
      for (Path file : all) {
        sources.add(source(file, own));
      }
      return sources;
    }
  }

  private static Source source(Path file, Set<String> own) throws IOException {
    String text = Files.readString(file);
    Matcher in = PACKAGE.matcher(text);
    assertThat(in.find()).as("%s", file).isTrue();
    Set<String> uses = new HashSet<>();
    // Javadoc may name what the code does not use.
    text.lines()
        .filter(line -> !line.strip().startsWith("*") && !line.strip().startsWith("/*"))
        .forEach(
            line -> {
              Matcher name = NAME.matcher(line);
              while (name.find()) {
                if (own.contains(name.group(1))) {
                  uses.add(name.group(1));
                }
              }
            });
    String simple = file.getFileName().toString().replace(".java", "");
    return new Source(in.group(1) + "." + simple, in.group(1), uses);
  }

  /** The packages from which a way leads back to themselves. */
  private static Set<String> circle(List<Source> sources) {
    Map<String, Set<String>> uses = new HashMap<>();
    for (Source source : sources) {
      Set<String> others = uses.computeIfAbsent(source.in(), p -> new HashSet<>());
      source.uses().stream().filter(p -> !p.equals(source.in())).forEach(others::add);
    }
    Set<String> found = new TreeSet<>();
    for (String from : uses.keySet()) {
      Set<String> reached = new HashSet<>();
      reach(from, uses, reached);
      if (reached.contains(from)) {
        found.add(from);
      }
    }
    return found;
  }

  private static void reach(String from, Map<String, Set<String>> uses, Set<String> reached) {
    for (String next : uses.getOrDefault(from, Set.of())) {
      if (reached.add(next)) {
        reach(next, uses, reached);
      }
    }
  }
}
