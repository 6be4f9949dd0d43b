package io.hadal.engine.tiny;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** What implementations get wrong (V4 spec 10.2, V4.1 spec 9.3). */
public enum Mistake {
  COMB_TRANSPOSED,
  SINKHORN_ONE_ROUND_SHORT,
  NO_YARN,
  ONE_THETA,
  HALF_SPLIT_ROPE,
  NO_INVERSE_ROPE,
  ENTRY_AT_INDEX,
  ENTRY_AT_GROUP_END,
  VISIBLE_ONE_LATE,
  WINDOW_ONE_SHORT,
  NO_SINK,
  NO_KV_NORM,
  BIAS_IN_WEIGHTS,
  SIGMOID_ROUTER,
  NO_CLAMP,
  CLAMP_AFTER_SILU,
  POST_WITHOUT_TWO,
  NO_INDEX_ROPE,
  HALVES_SWAPPED(Family.V4),
  NO_HEAD_NORM(Family.V4),
  HASH_EQUAL_WEIGHTS(Family.V4),
  SINKHORN_ONE_ROUND(Family.V41),
  PRE_OF_THE_SAME_SITE(Family.V41),
  FIRST_PRE_UNIFORM(Family.V41),
  HEAD_TAKES_FIRST_STREAM(Family.V41),
  HEAD_NORM(Family.V41),
  YARN_ON_WINDOW_LAYERS(Family.V41),
  /** Rotates the index keys, but not the queries, by a Hadamard matrix. */
  HADAMARD_ON_INDEX_KEYS(Family.V41),
  /** Shows through the rounding of cached keys only: the transform keeps dot products. */
  HADAMARD_ON_INDEX(Family.V41),
  INDEX_KEYS_OF_ROTATED_LATENT(Family.V41),
  NO_INDEX_RELU(Family.V41),
  TOP_K_ONE_MORE(Family.V41),
  CANDIDATES_IGNORED(Family.V41),
  CANDIDATES_FOR_THE_SOURCE(Family.V41),
  NEWEST_BLOCK_LIKE_ANY(Family.V41),
  STREAM_OF_FIRST_SOURCE(Family.V41),
  CHOICE_NOT_REPEATED(Family.V41),
  POOLED_BY_MEAN(Family.V41),
  NO_ENGRAM(Family.V41),
  ENGRAM_AFTER_THE_LAYER(Family.V41),
  ENGRAM_PLAIN_SIGMOID(Family.V41),
  ENGRAM_MULTIPLIERS_REVERSED(Family.V41),
  ENGRAM_RAW_IDS(Family.V41),
  ENGRAM_HEADS_FIRST(Family.V41),
  ENGRAM_JOINT_NORM(Family.V41),
  DRAFT_CAUSAL(Family.DRAFT),
  DRAFT_WITHOUT_CONTEXT(Family.DRAFT),
  CONFIDENCE_AFTER_NORM(Family.DRAFT);

  enum Family {
    V4,
    V41,
    /** The block drafter of V4.1. */
    DRAFT
  }

  private final Set<Family> families;

  Mistake() {
    this.families = EnumSet.of(Family.V4, Family.V41);
  }

  Mistake(Family only) {
    this.families = EnumSet.of(only);
  }

  /** The mistakes that an implementation of a family can make. */
  static Set<Mistake> of(Family family) {
    Set<Mistake> out = EnumSet.noneOf(Mistake.class);
    Arrays.stream(values()).filter(m -> m.families.contains(family)).forEach(out::add);
    return out;
  }
}
