package io.hadal.train;

import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.engram.CanonicalMap;
import io.hadal.model.engram.CodeEngramIndex;
import io.hadal.model.engram.CodeVocabulary;
import io.hadal.model.engram.EngramShape;
import io.hadal.model.engram.RowIndex;
import io.hadal.model.engram.StructuralFeatures;
import io.hadal.model.engram.StructuralTrace;
import io.hadal.train.graph.EngramModule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Row lookup of a model's n-gram memories, by the same indexes as inference. */
public final class EngramModules {
  private EngramModules() {}

  /**
   * The modules of a configuration; none without an n-gram memory.
   *
   * @throws io.hadal.formats.FormatException when the configuration does not fit the tokenizer
   * @throws IllegalArgumentException for a form that cannot be trained
   */
  public static List<EngramModule> of(ModelConfig config, Tokenizer tokenizer, String source) {
    EngramConfig engram = config.engram();
    if (engram == null) {
      return List.of();
    }
    if (engram.fusion().convolution()) {
      throw new IllegalArgumentException("an Engram convolution cannot be trained");
    }
    CanonicalMap map = CanonicalMap.of(tokenizer, config.vocabSize(), engram.rule(), source);
    CodeVocabulary vocabulary =
        engram.channels().isEmpty()
            ? null
            : new CodeVocabulary(tokenizer, config.vocabSize(), source);
    EngramShape shape =
        EngramShape.uniform(
            engram.layers(),
            engram.maxOrder(),
            engram.heads(),
            Math.toIntExact(engram.vocabSize()),
            map.size());
    int pad = map.canonical(engram.padId());
    List<? extends RowIndex> indexes =
        vocabulary == null
            ? shape.indexes(pad, source)
            : CodeEngramIndex.of(shape, engram.channels(), vocabulary, pad, source);
    List<EngramModule> modules = new ArrayList<>();
    for (int i = 0; i < indexes.size(); i++) {
      RowIndex index = indexes.get(i);
      modules.add(
          new EngramModule(
              engram.layers().get(i),
              index.columns(),
              engram.headDim(),
              index.rowCount(),
              index.absentRow(),
              engram.fusion().gated(),
              engram.fusion().bias(),
              engram.fusion().eps(),
              (tokens, out, offset) -> find(index, map, vocabulary, tokens, out, offset)));
    }
    return modules;
  }

  private static void find(
      RowIndex index,
      CanonicalMap map,
      @Nullable CodeVocabulary vocabulary,
      int[] tokens,
      int[] out,
      int offset) {
    int[] canonical = new int[tokens.length];
    map.canonical(tokens, 0, tokens.length, canonical, 0);
    int[] features = new int[vocabulary == null ? 0 : tokens.length * StructuralFeatures.COUNT];
    if (vocabulary != null) {
      new StructuralTrace(vocabulary).features(i -> tokens[i], 0, tokens.length, features);
    }
    index.rows(canonical, 0, 0, tokens.length, features, out, offset);
  }
}
