package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Links of the documentation lead to files and headings that exist, and so do its commands. */
class DocLinksTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern CODE =
      Pattern.compile("^```.*?^```", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("^#{1,6} +(.+)$", Pattern.MULTILINE);

  private static final Pattern COMMAND =
      Pattern.compile("^\\s*(?:\\./)?hadal ([^;|<>&\\n]+)", Pattern.MULTILINE);
  private static final Pattern WORD = Pattern.compile("'[^']*'|\"[^\"]*\"|\\S+");

  @Test
  void linksLeadSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    int links = 0;
    for (Path file : files()) {
      var found = LINK.matcher(text(file));
      while (found.find()) {
        String link = found.group(1);
        if (link.matches("[a-z]+:.*")) {
          continue;
        }
        links++;
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty() ? file : file.resolveSibling(parts[0]).normalize();
        if (!Files.exists(target) || (parts.length > 1 && !headings(target).contains(parts[1]))) {
          broken.add(ROOT.relativize(file) + ": " + link);
        }
      }
    }
    assertThat(broken).isEmpty();
    assertThat(links).isGreaterThan(40);
  }

  /** Whoever copies a command of the documentation must not be told that there is no such flag. */
  @Test
  void commandsInBlocksOfCodeAreUnderstood() throws IOException {
    List<String> broken = new ArrayList<>();
    int commands = 0;
    for (Path file : files()) {
      for (var block : CODE.matcher(Files.readString(file)).results().toList()) {
        String code = block.group().replaceAll("\\\\\\R", " ");
        var found = COMMAND.matcher(code);
        while (found.find()) {
          String[] words =
              WORD.matcher(found.group(1).replaceAll("\\s#.*", ""))
                  .results()
                  .map(word -> word.group().replaceAll("^['\"]|['\"]$", ""))
                  .toArray(String[]::new);
          commands++;
          try {
            Hadal.commandLine(Map.of(), words).parseArgs(words);
          } catch (CommandLine.ParameterException e) {
            broken.add(ROOT.relativize(file) + ": " + found.group() + ": " + e.getMessage());
          }
        }
      }
    }
    assertThat(broken).isEmpty();
    assertThat(commands).isGreaterThan(80);
  }

  private static List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String name : List.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md")) {
      files.add(ROOT.resolve(name));
    }
    try (var docs = Files.walk(ROOT.resolve("docs"))) {
      docs.filter(file -> file.toString().endsWith(".md")).forEach(files::add);
    }
    return files;
  }

  private static String text(Path file) throws IOException {
    return CODE.matcher(Files.readString(file)).replaceAll("");
  }

  /** Headings as the anchors that GitHub makes of them. */
  private static List<String> headings(Path file) throws IOException {
    return HEADING
        .matcher(text(file))
        .results()
        .map(found -> found.group(1).strip().toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .toList();
  }
}
