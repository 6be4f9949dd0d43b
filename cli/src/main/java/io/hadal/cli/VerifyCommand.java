package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.verify.Report;
import io.hadal.cli.verify.Verifier;
import io.hadal.engine.UnusableLogitsException;
import io.hadal.model.Model;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code hadal verify}: a model's numbers against reference data. */
@Command(
    name = "verify",
    description = {
      "Compares a model with reference data: logits, greedy continuations, hidden states, layers,"
          + " MTP, simulated modes, dequantised weights; whatever the golden holds.",
      "Exit code 1 when a case fails or none was found."
    })
final class VerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--golden",
      paramLabel = "PATH",
      required = true,
      description = "A folder with index.json, or one *.golden.json; it may lie anywhere.")
  private Path golden = Path.of("");

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Report report =
        new Report(
            line -> {
              if (!json) {
                out.println(line);
                out.flush();
              }
            });
    int broken = 0;
    try (Model loaded = model.load()) {
      // The context follows from the golden's prompts.
      Verifier.run(loaded, golden, model.engine(1), report);
    } catch (UnusableLogitsException e) {
      // A model this damaged cannot be compared any further, and that is the result.
      Hadal.complain(spec.commandLine().getErr(), e.getMessage() + "");
      broken = 1;
    }
    long failures = report.failed() + broken;
    boolean ok = failures == 0 && !report.cases().isEmpty();
    if (json) {
      out.println(json(report, failures, ok).toPrettyString());
    } else {
      if (failures == 0 && report.cases().isEmpty()) {
        Hadal.complain(
            spec.commandLine().getErr(), golden + " holds no case that could be compared");
      }
      out.println(report.cases().size() - report.failed() + " passed, " + failures + " failed");
    }
    return ok ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private ObjectNode json(Report report, long failures, boolean ok) {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("model", model.path().toString());
    root.put("golden", golden.toString());
    ArrayNode cases = root.putArray("cases");
    for (Report.Case c : report.cases()) {
      cases
          .addObject()
          .put("name", c.name())
          .put("passed", c.passed())
          .put("max_abs_difference", c.value())
          .put("limit", c.limit())
          .put("note", c.note());
    }
    root.put("passed", report.cases().size() - report.failed());
    root.put("failed", failures);
    root.put("ok", ok);
    return root;
  }
}
