package io.hadal.formats.tokenizer;

import java.util.List;
import java.util.OptionalInt;

/**
 * The {@code tokenizer.ggml.*} metadata of a GGUF file (spec section 7.1).
 *
 * @param model {@code tokenizer.ggml.model}
 * @param pre {@code tokenizer.ggml.pre}
 * @param tokens token texts by id: byte alphabet for type 1, else literal
 * @param tokenTypes type by id: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte
 * @param merges {@code "left right"} in rank order
 * @param bos {@code tokenizer.ggml.bos_token_id}
 * @param eos {@code tokenizer.ggml.eos_token_id}
 * @param addBos {@code tokenizer.ggml.add_bos_token}
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody; a list would box the vocabulary
public record GgufVocabulary(
    String model,
    String pre,
    List<String> tokens,
    int[] tokenTypes,
    List<String> merges,
    OptionalInt bos,
    OptionalInt eos,
    boolean addBos) {}
