package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.engine.Engine;
import io.hadal.engine.memory.MemoryWeights;
import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Model;
import io.hadal.train.corpus.Corpus;
import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.Split;
import io.hadal.train.evaluation.BitsPerByte;
import io.hadal.train.evaluation.CompletionCase;
import io.hadal.train.evaluation.CompletionCases;
import io.hadal.train.evaluation.CompletionScore;
import io.hadal.train.evaluation.HeldOutFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** {@code hadal eval}: what a model is worth on code that it has not seen. */
@Command(
    name = "eval",
    description = {
      "Measures a model on held-out files of a corpus: bits per byte by kind of token, without and"
          + " with project memory, then completions of lines, holes and methods, which the Java"
          + " compiler judges.",
      "The same files and cases are chosen for the same corpus, --bytes, --cases and --seed."
    })
final class EvalCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private FillInOption fillIn = new FillInOption();

  @Mixin private RunOptions run = new RunOptions();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Mixin private NgramOptions ngram = new NgramOptions();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description = "Checkpoint. Default: the model that comes with Hadal.")
  private @Nullable Path model;

  @Mixin private CorpusOption corpus = new CorpusOption();

  @Option(
      names = "--split",
      paramLabel = "NAME",
      description = "test (default: other projects), infile (own projects), valid or train.")
  private String split = "test";

  @Option(
      names = "--bytes",
      paramLabel = "N",
      description = "Text for bits per byte; 0 for none. Default: 2000000.")
  private long bytes = 2_000_000;

  @Option(
      names = "--cases",
      paramLabel = "N",
      description = "Completions of each kind; 0 for none. Default: 300.")
  private int cases = 300;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the results as JSON.")
  private @Nullable Path json;

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "Tokens that the model sees at once. Default: 2048.")
  private int window = 2048;

  @Option(names = "--seed", paramLabel = "N", description = "Chooses files and cases. Default: 1.")
  private long seed = 1;

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description = "Project memory as --fit-memory wrote it. Default: what comes with Hadal.")
  private @Nullable Path weights;

  @Option(
      names = "--fit-memory",
      paramLabel = "FILE",
      description = "Learn the weights of the project memory on this text and write them; no more.")
  private @Nullable Path fit;

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description = "Write the measured text, for comparing with other programs.")
  private @Nullable Path text;

  @Override
  public Integer call() throws IOException {
    if (bytes < 0 || cases < 0 || window < 2 || window > 1 << 20) {
      throw usage("--bytes and --cases must not be negative, --window must be 2..1048576");
    }
    String complaint = ngram.complaint();
    if (complaint != null) {
      throw usage(complaint);
    }
    if (ngram.baseline != null && (model != null || fit != null || weights != null)) {
      throw usage("--baseline measures no model: leave out --model, --weights and --fit-memory");
    }
    Split chosen = split();
    if (ngram.baseline != null) {
      return baseline(HeldOutFiles.choose(corpus.open(), chosen, bytes, seed));
    }
    Path checkpoint = model == null ? DemoFiles.trained(null) : model;
    Corpus source = corpus.open();
    List<Document> files = HeldOutFiles.choose(source, chosen, bytes, seed);
    writeText(files);
    try (Model loaded = Model.load(checkpoint);
        Engine engine = new Engine(loaded, run.engine(window));
        StageProgress stages = new StageProgress(spec.commandLine().getErr(), progress)) {
      Tokenizer tokenizer =
          ModelTokenizer.find(loaded, null)
              .orElseThrow(() -> new FormatException(checkpoint.toString(), "has no tokenizer"));
      if (fit != null) {
        BitsPerByte measure = new BitsPerByte(engine, tokenizer, window, MemoryWeights.start());
        AtomicFiles.write(
            fit, (measure.fit(files, 4, stages).toJson() + "\n").getBytes(StandardCharsets.UTF_8));
        return ExitCode.OK;
      }
      EvalReport report =
          new EvalReport(
              spec.commandLine().getOut(), checkpoint.getFileName().toString(), split, seed);
      MemoryWeights memory = memory();
      if (bytes > 0) {
        BitsPerByte measure = new BitsPerByte(engine, tokenizer, window, memory);
        List<BitsPerByte.Result> results = measure.measure(files, stages);
        report.bits(BitsPerByte.Result.of(results), files.size());
      }
      if (cases > 0) {
        Completer completer = new Completer(engine, tokenizer, fillIn.suffixFirst(loaded));
        CompletionCases places = new CompletionCases(source, chosen, seed);
        for (CompletionCase.Kind kind : CompletionCase.Kind.values()) {
          List<CompletionCase> list = places.choose(kind, cases, stages);
          CaseWriter alone = new CaseWriter(completer, tokenizer, null);
          report.completions(kind, "model", CompletionScore.of(list, places, alone, stages));
          CaseWriter both = new CaseWriter(completer, tokenizer, memory);
          report.completions(kind, "with memory", CompletionScore.of(list, places, both, stages));
        }
      }
      writeJson(report.json());
    }
    return ExitCode.OK;
  }

  private int baseline(List<Document> files) throws IOException {
    writeText(files);
    try (StageProgress stages = new StageProgress(spec.commandLine().getErr(), progress)) {
      writeJson(
          ngram
              .run(files, seed, spec.commandLine().getOut(), stages)
              .put("split", split)
              .put("seed", seed));
    }
    return ExitCode.OK;
  }

  private void writeText(List<Document> files) throws IOException {
    if (text != null) {
      AtomicFiles.write(
          text,
          files.stream()
              .map(Document::text)
              .collect(Collectors.joining())
              .getBytes(StandardCharsets.UTF_8));
    }
  }

  private void writeJson(ObjectNode results) throws IOException {
    if (json != null) {
      AtomicFiles.write(json, (results.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private MemoryWeights memory() throws IOException {
    return weights == null ? MemoryWeights.standard() : MemoryWeights.read(weights);
  }

  private Split split() {
    for (Split s : Split.values()) {
      if (s.folder().equals(split)) {
        return s;
      }
    }
    throw usage("--split must be train, valid, test or infile, not " + split);
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
