package io.hadal.formats.weights;

import java.nio.file.Path;

/**
 * Where a tensor's bytes lie, for readers that do not want to map it.
 *
 * @param offset from the start of the file
 */
public record TensorLocation(Path file, long offset, long bytes) {}
