import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { resolve, type ResolutionContext } from 'metro-resolver'

type Manifest = ReturnType<ResolutionContext['getPackage']>

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()

const manifestAt = (path: string): Manifest =>
  isFile(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : null

function packageOf(path: string): ReturnType<ResolutionContext['getPackageForModule']> {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    const packageJson = manifestAt(join(folder, 'package.json'))
    if (packageJson) return { packageJson, rootPath: folder, packageRelativePath: relative(folder, path) }
  }
  return null
}

/** Where Metro, as React Native is delivered with it, finds what a file imports or requires. */
export function metroResolves(from: string, name: string, isESMImport: boolean): string {
  const context: ResolutionContext = {
    allowHaste: false,
    assetExts: new Set(['png']),
    customResolverOptions: {},
    dev: true,
    disableHierarchicalLookup: false,
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- demanded all the same
    doesFileExist: isFile,
    extraNodeModules: null,
    fileSystemLookup: (path) =>
      existsSync(path)
        ? { exists: true, type: isFile(path) ? 'f' : 'd', realPath: realpathSync(path) }
        : { exists: false },
    getPackage: manifestAt,
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- demanded all the same
    getPackageForModule: packageOf,
    isESMImport,
    mainFields: ['react-native', 'browser', 'main'],
    nodeModulesPaths: [],
    originModulePath: from,
    preferNativePlatform: true,
    redirectModulePath: (path) => path,
    resolveAsset: () => null,
    resolveHasteModule: () => null,
    resolveHastePackage: () => null,
    sourceExts: ['js', 'jsx', 'json', 'ts', 'tsx'],
    // What React Native's configuration says; Metro adds `import` or `require`, and `default`.
    unstable_conditionNames: ['react-native'],
    unstable_conditionsByPlatform: { web: ['browser'] },
    unstable_enablePackageExports: true,
    unstable_incrementalResolution: false,
    unstable_logWarning: (message) => {
      throw new Error(message)
    },
  }
  const found = resolve(context, name, 'ios')
  if (found.type !== 'sourceFile') throw new Error(`${name} is no source file, but ${found.type}`)
  return found.filePath
}
