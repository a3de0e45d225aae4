/** Blocks that are held, those used last, within a number of bytes. */
export class BlockCache<Block extends { readonly sizeBytes: number }> {
  private readonly load: (block: number) => Promise<Block>;
  private readonly limitBytes: number;
  /** In the order of their last use. */
  private readonly held = new Map<number, Block>();
  private readonly coming = new Map<number, Promise<Block>>();
  private bytes = 0;

  constructor(limitBytes: number, load: (block: number) => Promise<Block>) {
    this.limitBytes = limitBytes;
    this.load = load;
  }

  /** The block if it is held. */
  peek(block: number): Block | undefined {
    const found = this.held.get(block);
    if (found === undefined) return undefined;
    this.held.delete(block);
    this.held.set(block, found);
    return found;
  }

  /** The block, read now unless it is held or being read. */
  get(block: number): Block | Promise<Block> {
    return this.peek(block) ?? this.coming.get(block) ?? this.read(block);
  }

  private read(number: number): Promise<Block> {
    const coming = this.load(number)
      .then((block) => {
        this.hold(number, block);
        return block;
      })
      .finally(() => this.coming.delete(number));
    this.coming.set(number, coming);
    return coming;
  }

  private hold(number: number, block: Block): void {
    this.held.set(number, block);
    this.bytes += block.sizeBytes;
    for (const [oldest, { sizeBytes }] of this.held) {
      if (this.bytes <= this.limitBytes || oldest === number) return;
      this.held.delete(oldest);
      this.bytes -= sizeBytes;
    }
  }
}
