package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.train.finetune.AdapterMerge;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hadal adapter merge}: a model with an adapter as a model of its own. */
@Command(
    name = "merge",
    description = {
      "Writes a model with an adapter applied as a model folder, weights in f32.",
      "`hadal export` makes a GGUF file of it."
    })
final class AdapterMergeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description = "The model that the adapter was trained on. Default: the one with Hadal.")
  private @Nullable Path model;

  @Option(names = "--adapter", required = true, paramLabel = "FOLDER", description = "The adapter.")
  private Path adapter = Path.of("");

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FOLDER",
      description = "Where the merged model goes.")
  private Path out = Path.of("");

  @Override
  public Integer call() throws IOException {
    AdapterMerge.write(model == null ? DemoFiles.trained(null) : model, adapter, out);
    PrintWriter to = spec.commandLine().getOut();
    to.println("wrote " + out);
    to.flush();
    return ExitCode.OK;
  }
}
