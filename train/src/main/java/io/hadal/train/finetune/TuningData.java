package io.hadal.train.finetune;

import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.DocumentMarkers;
import io.hadal.train.corpus.EncodingOptions;
import io.hadal.train.corpus.Sample;
import io.hadal.train.corpus.SampleEncoder;
import io.hadal.train.corpus.SampleFolder;
import io.hadal.train.corpus.SourceFolder;
import io.hadal.train.corpus.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Turns a user's files into training and held-out samples. Which part is held out follows from seed
 * and content, file by file or line by line.
 */
final class TuningData {
  private static final int MAX_FILE = 1 << 18;
  private static final int FIM_WINDOW = 1500;
  private static final int FIM_CHARS_A_TOKEN = 3;
  private static final double SPM_SHARE = 0.5;
  private static final double SHORT_SHARE = 0.5;
  private static final double NAME_RATE = 0.25;

  private final BaseModel base;
  private final FineTuneOptions options;
  private final PromptTokens prompts;
  private final Tokenizer tokenizer;
  private final List<Unit> units = new ArrayList<>();
  private final Map<String, Integer> leftOut = new TreeMap<>();
  private int tooLong;

  /** What goes to training or is held out as a whole: samples for either case. */
  private record Unit(double place, List<Sample> training, List<Sample> heldOut) {}

  /**
   * What there is.
   *
   * @param units files or lines
   * @param heldOutUnits how many of them are held out
   * @param tokens for training, filler included
   * @param heldOutTokens the same held out
   * @param leftOut files that were passed over, by reason
   */
  record Summary(
      Format format,
      int units,
      int heldOutUnits,
      long tokens,
      long heldOutTokens,
      Map<String, Integer> leftOut) {}

  private TuningData(BaseModel base, FineTuneOptions options, PromptTokens prompts) {
    this.base = base;
    this.options = options;
    this.prompts = prompts;
    this.tokenizer = base.tokenizer();
  }

  /**
   * Encodes data and writes it to a folder.
   *
   * @param format null to find out
   * @throws FormatException naming file and line of what cannot be used
   */
  static Summary write(
      BaseModel base,
      FineTuneOptions options,
      PromptTokens prompts,
      List<Path> data,
      @Nullable Format format,
      Path folder)
      throws IOException {
    return new TuningData(base, options, prompts).write(data, format, folder);
  }

  /** Whether a path is data that is encoded already. */
  static boolean isEncoded(Path path) {
    return Files.isRegularFile(path.resolve("meta.json"))
        && Files.isRegularFile(path.resolve("token_bytes.bin"));
  }

  private Summary write(List<Path> data, @Nullable Format wanted, Path folder) throws IOException {
    Format format = wanted;
    for (Path path : data) {
      if (!Files.exists(path)) {
        throw new NoSuchFileException(path.toString());
      }
      if (isEncoded(path)) {
        throw new FormatException(
            path.toString(), "is encoded already; such a folder must be the only --data");
      }
      boolean directory = Files.isDirectory(path);
      if (!directory && !path.toString().endsWith(".jsonl")) {
        throw new FormatException(path.toString(), "is neither a folder nor a .jsonl file");
      }
      Format found = directory ? Format.CODE : JsonSamples.format(path);
      format = format == null ? found : format;
      boolean rearranged = directory && format == Format.FIM;
      if (format != found && !rearranged) {
        throw new FormatException(
            path.toString(),
            "is data of the form " + found.label() + ", the run one of " + format.label());
      }
      if (directory) {
        source(path, rearranged ? 1 : options.fimRate());
      } else {
        lines(path, found);
      }
    }
    if (format == null || units.isEmpty()) {
      throw new FormatException(
          data.getFirst().toString(),
          "holds nothing to train on"
              + (leftOut.isEmpty() ? "" : "; left out: " + leftOut)
              + (tooLong == 0 ? "" : "; all samples are longer than --context"));
    }
    return write(format, folder);
  }

  private Summary write(Format format, Path folder) throws IOException {
    Set<Unit> held = heldOut();
    List<Sample> training = new ArrayList<>();
    List<Sample> test = new ArrayList<>();
    for (Unit unit : units) {
      if (held.contains(unit)) {
        test.addAll(unit.heldOut());
      } else {
        training.addAll(unit.training());
      }
    }
    if (tooLong > 0) {
      leftOut.put("longer than the context of " + options.context() + " tokens", tooLong);
    }
    List<Sample> blocks = blocks(training);
    List<Sample> testBlocks = blocks(test);
    SampleFolder.write(
        folder,
        tokenizer,
        base.tokenizerJson(),
        base.config().bosId(),
        base.config().eosId(),
        Map.of(Split.TRAIN, blocks, Split.VALID, testBlocks));
    return new Summary(
        format,
        units.size(),
        held.size(),
        SampleFolder.tokens(blocks),
        SampleFolder.tokens(testBlocks),
        leftOut);
  }

  /** Samples with targets of their own stay whole; text is cut where a block ends. */
  private List<Sample> blocks(List<Sample> samples) {
    boolean whole = samples.stream().allMatch(s -> s.targets()[0]);
    return whole
        ? SampleFolder.complete(samples, options.context())
        : SampleFolder.pack(samples, options.context());
  }

  /** At least one unit, unless the share is 0 or there is only one. */
  private Set<Unit> heldOut() {
    double share = options.evalShare();
    Set<Unit> held = Collections.newSetFromMap(new IdentityHashMap<>());
    units.stream().filter(u -> u.place() < share).forEach(held::add);
    if (share > 0 && held.isEmpty() && units.size() > 1) {
      held.add(units.stream().min(Comparator.comparingDouble(Unit::place)).orElseThrow());
    }
    if (held.size() == units.size()) {
      held.remove(units.getLast());
    }
    return held;
  }

  private void source(Path folder, double fimRate) throws IOException {
    SourceFolder.Content content = SourceFolder.read(folder, MAX_FILE);
    content.leftOut().forEach((reason, n) -> leftOut.merge(reason, n, Integer::sum));
    boolean fim =
        tokenizer.id(SpecialTokens.FIM_BEGIN).isPresent()
            && tokenizer.id(SpecialTokens.FIM_HOLE).isPresent()
            && tokenizer.id(SpecialTokens.FIM_END).isPresent();
    boolean names = tokenizer.id(DocumentMarkers.NAME_BEGIN).isPresent();
    int window = Math.clamp(FIM_CHARS_A_TOKEN * (long) options.context(), 64, FIM_WINDOW);
    SampleEncoder encoder =
        new SampleEncoder(
            tokenizer,
            base.name() + " (tokenizer)",
            new EncodingOptions(
                fim ? fimRate : 0,
                SPM_SHARE,
                SHORT_SHARE,
                window,
                names ? NAME_RATE : 0,
                Map.of(),
                options.seed(),
                1));
    for (Document document : content.documents()) {
      List<Sample> training = new ArrayList<>();
      for (int[] ids : encoder.training(document, 0)) {
        training.add(Sample.whole(ids));
      }
      units.add(
          new Unit(
              document.sample(options.seed()),
              training,
              List.of(Sample.whole(encoder.plain(document)))));
    }
  }

  private void lines(Path file, Format format) throws IOException {
    JsonSamples reader = new JsonSamples(tokenizer, base.name() + " (tokenizer)", prompts);
    reader.read(
        file,
        format,
        (sample, text) -> {
          if (sample.length() > options.context()) {
            tooLong++;
            return;
          }
          double place = Document.place(text, options.seed());
          units.add(new Unit(place, List.of(sample), List.of(sample)));
        });
  }
}
