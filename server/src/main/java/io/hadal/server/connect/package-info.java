/** Settings that make coding agents and editors use a Hadal server. */
@org.jspecify.annotations.NullMarked
package io.hadal.server.connect;
