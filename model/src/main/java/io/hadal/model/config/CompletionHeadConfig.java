package io.hadal.model.config;

/**
 * Low-rank residual of the language-model head for filling in the middle.
 *
 * @param rank inner width
 * @param tokenId the mark behind which it takes part, up to the next document
 */
public record CompletionHeadConfig(int rank, int tokenId) {}
