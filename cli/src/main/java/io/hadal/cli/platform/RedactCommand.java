package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.TextInput;
import io.hadal.platform.Refusal;
import io.hadal.platform.redaction.Detector;
import io.hadal.platform.redaction.DictionaryDetector;
import io.hadal.platform.redaction.PatternDetector;
import io.hadal.platform.redaction.Redaction;
import io.hadal.platform.redaction.RedactionMode;
import io.hadal.platform.redaction.Redactor;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal redact}: tries the detectors on a text. */
@Command(
    name = "redact",
    description = {
      "Takes personal data and secrets out of a text, as the policy of a project does.",
      "The text goes to standard output, the counts to standard error."
    })
public final class RedactCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "UTF-8 text; - for standard input, which is the default.")
  private String file = TextInput.STDIN;

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description =
          "detect (count only), mask ([EMAIL]), pseudonymise (<EMAIL_1>) or block (refuse). Default:"
              + " mask.")
  private String mode = "mask";

  @Option(
      names = "--pattern",
      paramLabel = "KIND=REGEX",
      description = "A pattern of your own, such as TICKET=ABC-\\d{4,6}. More than once for more.")
  private Map<String, String> patterns = new LinkedHashMap<>();

  @Option(
      names = "--words",
      paramLabel = "KIND=FILE",
      description = "Words of your own, one a line. More than once for more.")
  private Map<String, Path> words = new LinkedHashMap<>();

  @Override
  public Integer call() throws IOException {
    List<Detector> own = new ArrayList<>();
    patterns.forEach((kind, pattern) -> own.add(new PatternDetector(kind, pattern)));
    for (Map.Entry<String, Path> list : words.entrySet()) {
      own.add(
          new DictionaryDetector(
              list.getKey(),
              TextInput.file(list.getValue()).lines().filter(line -> !line.isBlank()).toList()));
    }
    Redaction redaction = Redactor.with(own).begin(RedactionMode.of(mode));
    String text = file.equals(TextInput.STDIN) ? TextInput.stdin() : TextInput.file(Path.of(file));
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    try {
      out.print(redaction.apply(text));
      out.flush();
    } catch (Refusal e) {
      err.println(e.message());
      err.flush();
      return ExitCode.CHECK_FAILED;
    }
    err.println(
        redaction.counts().isEmpty()
            ? "nothing found"
            : "found " + redaction.counts().toString().replaceAll("[{}]", ""));
    err.flush();
    return ExitCode.OK;
  }
}
