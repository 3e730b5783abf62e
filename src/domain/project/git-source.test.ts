import { describe, expect, it } from 'vitest';
import { isDomainError } from '../errors.ts';
import { parseGitSource } from './git-source.ts';

function refusal(git_url: string, git_ref?: string): string {
  try {
    parseGitSource({ git_url, git_ref });
    return 'none';
  } catch (error) {
    return isDomainError(error, 'unprocessable') ? error.message : String(error);
  }
}

describe('the source of a project', () => {
  it('is nothing without a URL', () => {
    expect(parseGitSource({})).toBeNull();
    expect(parseGitSource({ git_url: '', git_ref: '' })).toBeNull();
    expect(parseGitSource({ git_url: null, git_ref: null })).toBeNull();
  });

  it('is a URL with an optional branch, tag or commit', () => {
    const source = parseGitSource({ git_url: 'https://Git.Example/a/b.git', git_ref: 'v1.0' });
    expect([source?.url.href, source?.ref]).toEqual(['https://git.example/a/b.git', 'v1.0']);
    expect(parseGitSource({ git_url: 'https://git.example:8443/a' })?.ref).toBeNull();
    expect(parseGitSource({ git_url: 'https://git.example/a', git_ref: 'a'.repeat(40) })?.ref).toHaveLength(
      40,
    );
  });

  it.each([
    ['ssh://git@git.example/a', /only https/],
    ['git://git.example/a', /only https/],
    ['file:///etc', /only https/],
    ['ext::sh -c id', /not allowed/],
    ['ext::sh', /only https/],
    ['data:text/plain,x', /only https/],
    ['git@git.example:a/b', /an https URL/],
    ['/etc/passwd', /an https URL/],
    ['--upload-pack=sh', /an https URL/],
    ['https://', /an https URL/],
    ['https://git.example', /names no repository/],
    ['https://user:secret@git.example/a', /credentials/],
    ['https://user@git.example/a', /credentials/],
    ['https://@git.example/a', /credentials/],
    ['https:/x@git.example/a', /credentials/],
    ['https://git.example/a?x=1', /query/],
    ['https://git.example/a#x', /query/],
    ['https://git.example/a?', /query/],
    ['https://git.example\\@evil.example/a', /not allowed/],
    ['https://git.example/a\tb', /not allowed/],
    ['https://git.example/a\nHost: x', /not allowed/],
    ['https://git.example/a\0', /not allowed/],
    ['https://git\u200b.example/a', /not allowed/],
  ])('is refused for %j', (url, reason) => {
    expect(refusal(url)).toMatch(reason);
    expect(refusal(url)).toMatch(/^git_url: /);
    expect(refusal(url)).not.toContain('secret');
  });

  it.each(['-x', '--upload-pack=sh', 'a..b', 'a b', 'a\nb', 'HEAD~1', 'a'.repeat(251)])(
    'is refused for the ref %j',
    (ref) => expect(refusal('https://git.example/a', ref)).toMatch(/^git_ref: /),
  );

  it('is refused when a ref comes alone', () => {
    expect(refusal('', 'main')).toMatch(/^git_ref: /);
  });
});
