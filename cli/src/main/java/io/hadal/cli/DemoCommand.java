package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.memory.MemoryWeights;
import io.hadal.engine.memory.ProjectMemory;
import io.hadal.formats.tokenizer.StoredTokenizer;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.kernels.Kernels;
import io.hadal.model.MemoryPlan;
import io.hadal.model.Model;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.NumericMode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hadal demo}: the main job in a few seconds, on the models inside this program. */
@Command(
    name = "demo",
    description = {
      "Completes Java snippets with the model that comes with Hadal, shows what experts and n-gram"
          + " memory did, then checks the engine against reference numbers.",
      "Exit code 0 only when every check passes."
    })
final class DemoCommand implements Callable<Integer> {
  private static final int CONTEXT = 1024;
  private static final int COUNT = 40;

  /** A place to complete. */
  private record Snippet(String title, String prefix, String suffix) {}

  private static final List<Snippet> SNIPPETS =
      List.of(
          new Snippet(
              "a method body",
              """
              package com.example;

              import java.util.List;

              public class Names {
                private final List<String> names;

                public Names(List<String> names) {
                  this.names = names;
                }

                public int size() {
                  return\
              """,
              """

                }

                public boolean isEmpty() {
                  return names.isEmpty();
                }
              }
              """),
          new Snippet(
              "a hole in the middle",
              """
              public class Point {
                private final int x;
                private final int y;

                public Point(int x, int y) {
              """,
              """
                  this.y = y;
                }

                public int getX() {
                  return x;
                }
              }
              """),
          new Snippet(
              "a test",
              """
              import static org.junit.Assert.assertEquals;

              import org.junit.Test;

              public class PointTest {
                @Test
                public void testGetX() {
                  Point point = new Point(3, 4);
                  assertEquals(3,\
              """,
              """

                }
              }
              """));

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private RunOptions run = new RunOptions();

  @Option(
      names = "--folder",
      paramLabel = "PATH",
      description = "Where to unpack the models. Default: the user's cache folder.")
  private @Nullable Path folder;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Path trained = DemoFiles.trained(folder);
    Path reference = DemoFiles.unpack(folder == null ? null : folder.resolve("reference"));
    EngineOptions options = run.engine(CONTEXT).withMode(NumericMode.FAST);
    DemoActivity activity = new DemoActivity();
    try (Model model = Model.load(trained);
        Engine engine = new Engine(model, options, activity)) {
      describe(out, model, engine);
      Tokenizer tokenizer =
          StoredTokenizer.find(model.store(), Model.folder(trained)).orElseThrow();
      Completer completer = new Completer(engine, tokenizer, true);
      ProjectMemory memory = new ProjectMemory(tokenizer, MemoryWeights.standard());
      SNIPPETS.forEach(snippet -> show(out, completer, memory, activity, snippet));
    }
    out.println("checks on a small test model with random weights");
    DemoChecks checks = new DemoChecks(out);
    checks.run(reference, options.withDrafting(true));
    out.println();
    int failed = checks.failed();
    out.println(failed == 0 ? "demo passed" : "demo FAILED: " + failed + " checks");
    out.println();
    out.println("Next:");
    out.println("  hadal complete FILE:LINE:COL          complete at a cursor in a file of yours");
    out.println("  hadal explain --html --model " + trained + " --text FILE");
    out.println("  hadal train --help                    train a model like this on your own code");
    out.println("  hadal inspect MODEL                   will a DeepSeek checkpoint fit?");
    out.flush();
    return failed == 0 ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private static void describe(PrintWriter out, Model model, Engine engine) {
    ModelConfig c = model.config();
    ParameterCount p = ParameterCount.of(model.store(), c);
    out.println(
        "%s: %d layers, %d experts (%d active), %s parameters (%s active), trained by Hadal"
            .formatted(
                c.family(),
                c.layers().size(),
                c.layers().getFirst().moe().experts(),
                c.layers().getFirst().moe().activeExperts(),
                ParameterCount.readable(p.total()),
                ParameterCount.readable(p.active())));
    out.println(
        "kernels %s, %d threads, memory %s"
            .formatted(
                Kernels.get().name(),
                engine.options().threads(),
                MemoryPlan.size(engine.plan().totalBytes())));
    out.println();
    out.flush();
  }

  private static void show(
      PrintWriter out,
      Completer completer,
      ProjectMemory memory,
      DemoActivity activity,
      Snippet snippet) {
    activity.clear();
    Completer.Answer answer =
        completer.complete(
            snippet.prefix(),
            snippet.suffix(),
            COUNT,
            SamplingOptions.greedy(),
            memory,
            (id, logits) -> true);
    out.println("-- " + snippet.title() + " (the completion is between the marks)");
    out.println(snippet.prefix() + "\u00bb" + answer.text() + "\u00ab" + snippet.suffix());
    out.println("   " + answer.speeds().line());
    activity.lines().forEach(line -> out.println("   " + line));
    out.println();
    out.flush();
  }
}
