package io.hadal.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hadal serve} on the embedded model, beyond its capacity. */
class LoadTest {
  /** Length of each loop. */
  private static final int SECONDS = Integer.getInteger("hadal.load.seconds", 2);

  private static final int WAITING = 200;

  @TempDir Path folder;

  private Process serve() throws Exception {
    Path config =
        Files.writeString(
            folder.resolve("serve.yaml"),
            "limits: {waiting: 250, waiting_per_key: 250}\nlog: {access: false}\n");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx1g",
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "io.hadal.cli.Hadal",
            "serve",
            "--port",
            "0",
            "--context",
            "4096",
            "--config",
            config.toString()));
    return new ProcessBuilder(command).redirectError(folder.resolve("err").toFile()).start();
  }

  /** A server beside itself gives the same texts at about the same rate. */
  private void paired(String url) throws Exception {
    Path prompts = Files.createDirectories(folder.resolve("prompts"));
    for (int i = 0; i < 3; i++) {
      Files.writeString(
          prompts.resolve("A" + i + ".java"), "class A" + i + " {\n  int a;\n".repeat(6));
    }
    StringWriter report = new StringWriter();
    int exit =
        Paired.run(
            new String[] {
              "--url",
              url,
              "--other",
              url,
              "--model",
              "hadal-nano",
              "--prompts",
              prompts.toString(),
              "--again",
              "100",
              "--tokens",
              "60"
            },
            new PrintWriter(report, true));
    assertThat(exit).as(report.toString()).isZero();
    assertThat(report.toString()).containsPattern("[123] prompts: .*, 0 texts differ");
  }

  private static int number(String text, String pattern) {
    Matcher m = Pattern.compile(pattern).matcher(text);
    assertThat(m.find()).as("%s in %s", pattern, text).isTrue();
    return Integer.parseInt(m.group(1));
  }

  @Test
  void beyondCapacityNoAdmittedRequestFails() throws Exception {
    Process process = serve();
    try (BufferedReader out = process.inputReader()) {
      String line = out.readLine();
      assertThat(line).as(Files.readString(folder.resolve("err"))).contains("http");
      String url = line.substring(line.indexOf("http"));
      StringWriter report = new StringWriter();
      int exit =
          Load.run(
              new String[] {
                "--url", url,
                "--model", "hadal-nano",
                "--clients", "1,8",
                "--beyond", "3",
                "--leave", "0.2",
                "--waiting", Integer.toString(WAITING),
                "--tokens", "16",
                "--seconds", Integer.toString(SECONDS)
              },
              new PrintWriter(report, true));
      String text = report.toString();
      System.out.println(text);
      assertThat(exit).as(text).isZero();
      // One that ends counts until its connection is seen to, beside the one that follows it.
      assertThat(number(text, "(\\d+) streams wait\n"))
          .isBetween(WAITING * 8 / 10, WAITING * 11 / 10);
      assertThat(number(text, "(\\d+) streams waited to the end"))
          .isBetween(WAITING * 8 / 10, WAITING * 11 / 10);
      assertThat(number(text, "requests/s: (\\d+) ok")).isPositive();
      assertThat(number(text, "requests/s: .* (\\d+) left")).isPositive();
      assertThat(text).contains("server at rest");
      if (Boolean.getBoolean("hadal.slow")) {
        paired(url);
      }
      assertThat(Files.readString(folder.resolve("err"))).doesNotContain("Exception", "\tat ");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }
}
