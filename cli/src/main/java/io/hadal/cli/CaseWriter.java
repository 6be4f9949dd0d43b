package io.hadal.cli;

import io.hadal.engine.SamplingOptions;
import io.hadal.engine.TokenListener;
import io.hadal.engine.memory.MemoryWeights;
import io.hadal.engine.memory.ProjectMemory;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.Imports;
import io.hadal.train.evaluation.CompletionCase;
import io.hadal.train.evaluation.CompletionScore;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Completes cases of an evaluation as {@code hadal complete} does at a place of a file. */
final class CaseWriter implements CompletionScore.CodeWriter {
  private static final int LINE_TOKENS = 64;
  private static final int HOLE_TOKENS = 32;
  private static final int METHOD_TOKENS = 160;

  private final Completer completer;
  private final Tokenizer tokenizer;
  private final @Nullable MemoryWeights weights;

  /**
   * @param weights of the project memory, null for none
   */
  CaseWriter(Completer completer, Tokenizer tokenizer, @Nullable MemoryWeights weights) {
    this.completer = completer;
    this.tokenizer = tokenizer;
    this.weights = weights;
  }

  @Override
  public String write(CompletionCase c, List<Document> project) {
    ProjectMemory memory = weights == null ? null : memory(weights, c.file(), project);
    return switch (c.kind()) {
      case LINE -> line(c.prefix(), memory);
      case HOLE -> hole(c, HOLE_TOKENS, memory);
      case METHOD -> hole(c, METHOD_TOKENS, memory);
    };
  }

  private String hole(CompletionCase c, int tokens, @Nullable ProjectMemory memory) {
    TokenListener all = (id, logits) -> true;
    return completer
        .complete(c.prefix(), c.suffix(), tokens, SamplingOptions.greedy(), memory, all)
        .text();
  }

  /** The first line that is not blank. */
  private String line(String prefix, @Nullable ProjectMemory memory) {
    boolean[] begun = new boolean[1];
    TokenListener toLineEnd =
        (id, logits) -> {
          String text = tokenizer.decode(new int[] {id});
          boolean before = begun[0];
          begun[0] |= !text.isBlank();
          return !(begun[0] && text.stripLeading().indexOf('\n') >= 0 || before && newLine(text));
        };
    String text =
        completer
            .continueText(prefix, LINE_TOKENS, SamplingOptions.greedy(), memory, toLineEnd)
            .text()
            .stripLeading();
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end);
  }

  private static boolean newLine(String text) {
    return text.indexOf('\n') >= 0;
  }

  /** The folder of the file, then what it imports. */
  private ProjectMemory memory(MemoryWeights w, Document file, List<Document> project) {
    Set<String> imports = Imports.paths(file.text());
    List<Document> imported = new ArrayList<>();
    ProjectMemory memory = new ProjectMemory(tokenizer, w);
    for (Document d : project) {
      if (d.path().equals(file.path())) {
        continue;
      }
      if (imports.contains(d.path())) {
        imported.add(d);
      } else if (folder(d.path()).equals(folder(file.path()))) {
        memory.learn(tokenizer.encode(d.text(), false));
      }
    }
    imported.forEach(d -> memory.learn(tokenizer.encode(d.text(), false)));
    return memory;
  }

  private static String folder(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }
}
