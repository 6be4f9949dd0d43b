package io.hadal.platform.cluster;

/**
 * Which configuration a process has.
 *
 * @param hash SHA-256 in hex of what processes of one kind should have in common
 * @param pending whether a part of it waits for a restart
 */
public record ConfigMark(String hash, boolean pending) {}
