package io.hadal.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Examples of docs/library.md, which must be code that tests run. */
public final class DocExamples {
  private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  private DocExamples() {}

  /**
   * Looks for examples in the source of a test.
   *
   * @param test the test, in the module whose folder is the current one
   * @param from heading of the first section, as in the file
   * @param to heading behind the last one
   */
  public static void requireIn(Class<?> test, String from, String to) throws IOException {
    String docs = Files.readString(Path.of("..", "docs", "library.md"));
    Path source = Path.of("src/test/java", test.getName().replace('.', '/') + ".java");
    String code = bare(Files.readString(source));
    var blocks = BLOCK.matcher(docs.substring(docs.indexOf(from), docs.indexOf(to)));
    int count = 0;
    while (blocks.find()) {
      assertThat(code).as(blocks.group(1)).contains(bare(blocks.group(1)));
      count++;
    }
    assertThat(count).isPositive();
  }

  private static String bare(String code) {
    return code.replaceAll("\\s", "");
  }
}
